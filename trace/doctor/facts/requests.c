#include "trace/doctor/facts/requests.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/read/steps.h"
#include "trace/doctor/facts/connections.h"
#include "trace/doctor/facts/contents.h"
#include "trace/doctor/facts/errors.h"
#include "trace/doctor/facts/responders.h"
#include "trace/doctor/facts/subjects.h"
#include "trace/inbox.h"

enum {
	PENDING_MIN = 1024,
	REPEATS_SHARE = 8,    /* an eighth of the memory is for repeated requests */
	RESPONDERS_SHARE = 4, /* and a fourth for who answers */
};

/* ---- life ---- */

/* The largest power of two of such elements that fit. */
static uint32_t power_that_fits(uint64_t bytes, size_t each)
{
	uint32_t count = PENDING_MIN;
	while (count < UINT32_C(1) << 26 && 2 * (uint64_t)count * each <= bytes)
		count *= 2;
	return count;
}

static struct doctor__pending *pending_at(const struct doctor__requests *requests, uint64_t number)
{
	return &requests->pending[number & (requests->pairs.max - 1)];
}

static void superseded(void *context, const struct trace_request *request, enum trace_forgotten why)
{
	struct doctor__requests *requests = context;
	if (why != TRACE_SUPERSEDED)
		return;
	struct doctor__pending *pending = pending_at(requests, request->key);
	pending->is_superseded = true;
}

int doctor__requests_init(struct doctor__requests *requests, uint64_t max_bytes)
{
	const size_t each =
	    sizeof(struct doctor__pending) + sizeof(struct trace_request) + 4 * sizeof(uint32_t);
	uint64_t shared = max_bytes / REPEATS_SHARE + max_bytes / RESPONDERS_SHARE;
	uint32_t max = power_that_fits(max_bytes - shared, each);
	uint32_t repeats = power_that_fits(max_bytes / REPEATS_SHARE, sizeof *requests->repeats);
	*requests = (struct doctor__requests){.pending = calloc(max, sizeof *requests->pending),
					      .repeats = calloc(repeats, sizeof *requests->repeats),
					      .repeats_mask = repeats - 1};
	trace_requests_init(&requests->pairs, max, superseded, requests);
	int error = doctor__responders_init(requests, max_bytes / RESPONDERS_SHARE);
	return error || !requests->pending || !requests->repeats ? -ENOMEM : 0;
}

void doctor__requests_fini(struct doctor__requests *requests)
{
	trace_requests_fini(&requests->pairs);
	doctor__responders_fini(requests);
	free(requests->pending);
	free(requests->repeats);
}

/* ---- how a request ended ---- */

static void judge(struct doctor__facts *facts, struct doctor__pending *pending, bool has_waited)
{
	pending->is_judged = true;
	if (pending->is_answered || pending->is_superseded)
		return;
	struct doctor__request_facts *counts = pending->subject->requests;
	if (pending->gaps != facts->gaps) {
		counts->hidden++;
	} else if (!has_waited) {
		counts->evicted++;
	} else {
		pending->is_unanswered = true;
		trace_evidence_add(&counts->unanswered, pending->origin, pending->seq);
	}
}

void doctor__requests_judge(struct doctor__facts *facts)
{
	struct doctor__requests *requests = &facts->requests;
	int64_t until_ns = store_time_minus(facts->timeline.now_ns, DOCTOR__ANSWER_NS);
	for (; requests->unjudged < requests->next; requests->unjudged++) {
		struct doctor__pending *pending = pending_at(requests, requests->unjudged);
		if (pending->asked_ns > until_ns)
			return;
		if (!pending->is_judged)
			judge(facts, pending, true);
	}
}

static void no_responders(const struct doctor__requests *requests, struct doctor__pending *pending)
{
	struct doctor__repeat *repeat = &requests->repeats[pending->repeat_key & requests->repeats_mask];
	if (pending->is_answered)
		return;
	pending->is_answered = pending->is_judged = true;
	trace_evidence_add(&pending->subject->requests->no_responders, pending->origin, pending->seq);
	if (repeat->key == pending->repeat_key) {
		repeat->is_open = false;
		repeat->has_failed = true;
	}
}

/* ---- requests that are repeated ---- */

static struct doctor__repeat *repeat_of(const struct doctor__requests *requests, uint64_t key)
{
	return &requests->repeats[key & requests->repeats_mask];
}

static void count_retry(struct doctor__facts *facts, struct doctor__request_facts *counts, bool is_retry,
			uint64_t seq)
{
	struct doctor__retry_window *window = &counts->window;
	if (facts->timeline.now_ns >= window->until_ns)
		*window = (struct doctor__retry_window){
		    .until_ns = store_time_plus(facts->timeline.now_ns, DOCTOR__RETRY_WINDOW_NS)};
	window->requests++;
	window->retries += is_retry;
	if (is_retry)
		trace_evidence_add(&counts->retries, facts->origin, seq);
	if (window->retries > counts->worst.retries)
		counts->worst = *window;
}

/* The key of a request: the service that asks, the subject and the payload. 0: it is not compared. */
static uint64_t repeat_key(const struct doctor__facts *facts, const struct wire_event *event)
{
	if (!(facts->needs & DOCTOR__NEEDS_PAYLOADS) || !doctor__is_whole(event))
		return 0;
	uint64_t who =
	    doctor__service_number(&facts->connections, facts->client) + (uint64_t)facts->origin * 65536;
	uint64_t key = facts->payload_hash ^ facts->subjects.hash << 1 ^ who * UINT64_C(0x9e3779b97f4a7c15);
	return key + (key == 0);
}

void doctor__requests_fetch(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__requests *requests = &facts->requests;
	requests->reply_hash = trace_requests_fetch(&requests->pairs, event->reply);
	requests->repeat_key = repeat_key(facts, event);
	__builtin_prefetch(repeat_of(requests, requests->repeat_key), 1);
}

/* The same service may have asked the same before. */
static void note_repeat(struct doctor__facts *facts, const struct wire_event *event)
{
	uint64_t key = facts->requests.repeat_key;
	struct doctor__repeat *repeat = repeat_of(&facts->requests, key);
	if (key == 0)
		return;
	if (repeat->key != key)
		*repeat = (struct doctor__repeat){.key = key};
	bool is_retry =
	    repeat->has_failed ||
	    (repeat->is_open && store_time_minus(event->steady_ns, repeat->asked_ns) >= DOCTOR__RETRY_NS);
	count_retry(facts, facts->subject->requests, is_retry, event->seq);
	repeat->asked_ns = event->steady_ns;
	repeat->is_open = true;
	repeat->has_failed = false;
}

static void note_answer(struct doctor__facts *facts, const struct doctor__pending *pending,
			const struct wire_event *reply)
{
	struct doctor__repeat *repeat = repeat_of(&facts->requests, pending->repeat_key);
	if (pending->repeat_key == 0 || repeat->key != pending->repeat_key)
		return;
	repeat->is_open = false;
	if (!doctor__is_whole(reply))
		return;
	uint64_t answer = XXH3_64bits(reply->payload.data, reply->payload.len);
	answer += answer == 0;
	struct doctor__request_facts *counts = pending->subject->requests;
	counts->compared += repeat->answer != 0;
	if (repeat->answer == answer)
		trace_evidence_add(&counts->same, pending->origin, pending->seq);
	repeat->answer = answer;
}

/* ---- replies ---- */

static void first_reply(struct doctor__facts *facts, struct doctor__pending *pending,
			const struct trace_request *request, const struct wire_event *reply)
{
	struct doctor__request_facts *counts = pending->subject->requests;
	int64_t after_ns = trace_reply_after_ns(request, reply);
	if (pending->is_unanswered)
		trace_evidence_remove(&counts->unanswered, pending->origin, pending->seq);
	pending->is_unanswered = false;
	pending->is_answered = pending->is_judged = true;
	pending->responder = facts->client;
	pending->reply_origin = facts->origin;
	counts->answered++;
	if (after_ns > counts->latency.max_ns) {
		counts->slowest_seq = pending->seq;
		counts->slowest_origin = pending->origin;
	}
	if (trace_histogram_add(&counts->latency, after_ns) != 0)
		facts->requests.latencies_left_out++;
	doctor__responders_add(facts, pending, after_ns);
	note_answer(facts, pending, reply);
}

static void further_reply(struct doctor__facts *facts, struct doctor__pending *pending)
{
	bool is_other = facts->client != TRACE_NO_CLIENT && pending->responder != TRACE_NO_CLIENT &&
			facts->client != pending->responder;
	if (!is_other || pending->is_several)
		return;
	pending->is_several = true;
	trace_evidence_add(&pending->subject->requests->several, pending->origin, pending->seq);
}

static struct doctor__early *early_of(struct doctor__requests *requests, uint64_t hash)
{
	return &requests->early[hash % DOCTOR__EARLY];
}

static void note_early(struct doctor__facts *facts, struct wire_slice subject)
{
	uint64_t hash = XXH3_64bits(subject.data, subject.len);
	*early_of(&facts->requests, hash) =
	    (struct doctor__early){.hash = hash, .ns = facts->timeline.now_ns};
}

/* The reply to the present request came before it. */
static bool has_early_reply(struct doctor__facts *facts)
{
	uint64_t hash = facts->requests.reply_hash;
	const struct doctor__early *early = early_of(&facts->requests, hash);
	return early->hash == hash && store_time_minus(facts->timeline.now_ns, early->ns) <= DOCTOR__EARLY_NS;
}

bool doctor__requests_take_reply(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__requests *requests = &facts->requests;
	const struct trace_request *request = trace_requests_reply(&requests->pairs, event);
	if (!request) {
		note_early(facts, event->subject);
		return false;
	}
	struct doctor__pending *pending = pending_at(requests, request->key);
	if (trace_is_no_responders(event)) {
		no_responders(requests, pending);
		return true;
	}
	if (pending->is_answered && pending->reply_origin != facts->origin)
		return true; /* another input has the reply, too */
	requests->replies++;
	struct doctor__request_facts *counts = pending->subject->requests;
	if (doctor__is_error(event))
		trace_evidence_add(&counts->errors, facts->origin, event->seq);
	if (wire_event_is_unheard(event)) /* who asked had stopped waiting */
		trace_evidence_add(&counts->late, facts->origin, event->seq);
	if (pending->is_answered)
		further_reply(facts, pending);
	else
		first_reply(facts, pending, request, event);
	return true;
}

/* ---- requests ---- */

/* Messages with a reply subject that expect no single reply in time: pull requests wait until there is something, pings of
 * services are for all of them. */
static bool is_open_ended(struct wire_slice subject)
{
	static const char pull[] = "$JS.API.CONSUMER.MSG.NEXT.", services[] = "$SRV.";
	return (subject.len >= sizeof pull - 1 && memcmp(subject.data, pull, sizeof pull - 1) == 0) ||
	       (subject.len >= sizeof services - 1 &&
		memcmp(subject.data, services, sizeof services - 1) == 0);
}

static void mark_reply_subject(struct doctor__facts *facts, struct wire_slice reply)
{
	if (trace_has_inbox_prefix(reply))
		return;
	struct doctor__subject *asked = doctor__subjects_find(&facts->subjects, reply, true);
	if (asked)
		asked->is_asked = true;
}

/* The place of a new request, whose older one is judged before it is forgotten. */
static struct doctor__pending *make_place(struct doctor__facts *facts)
{
	struct doctor__requests *requests = &facts->requests;
	struct doctor__pending *pending = pending_at(requests, requests->next);
	if (pending->subject && !pending->is_judged)
		judge(facts, pending, false);
	if (requests->unjudged + requests->pairs.max <= requests->next)
		requests->unjudged = requests->next - requests->pairs.max + 1;
	return pending;
}

/* Another input has this request, too, so that it was counted. Clients make inboxes unique. */
static bool is_seen_again(const struct doctor__facts *facts, const struct wire_event *event)
{
	const struct doctor__requests *requests = &facts->requests;
	if (facts->origins < 2 || !trace_has_inbox_prefix(event->reply))
		return false;
	const struct trace_request *known = trace_requests_find(&requests->pairs, event->reply);
	return known && pending_at(requests, known->key)->origin != facts->origin;
}

int doctor__requests_take(struct doctor__facts *facts, const struct wire_event *event)
{
	struct doctor__requests *requests = &facts->requests;
	if (is_open_ended(event->subject) || is_seen_again(facts, event))
		return 0;
	struct doctor__request_facts *counts = doctor__subject_requests(&facts->subjects, facts->subject);
	if (!counts) {
		requests->left_out++;
		return 0;
	}
	struct doctor__pending *pending = make_place(facts);
	if (trace_requests_add_fetched(&requests->pairs, event, requests->reply_hash, requests->next, NULL) !=
	    0)
		return -ENOMEM;
	requests->next++;
	counts->requests++;
	counts->receivers_unknown += (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
	note_repeat(facts, event);
	*pending = (struct doctor__pending){.seq = event->seq,
					    .asked_ns = facts->timeline.now_ns,
					    .subject = facts->subject,
					    .repeat_key = requests->repeat_key,
					    .client = facts->client,
					    .origin = facts->origin,
					    .reply_origin = facts->origin,
					    .responder = TRACE_NO_CLIENT,
					    .gaps = facts->gaps};
	mark_reply_subject(facts, event->reply);
	if (has_early_reply(facts)) {
		pending->is_answered = pending->is_judged = true;
		counts->hidden++;
	} else if (wire_event_is_unheard(event) && !facts->is_refused)
		no_responders(requests, pending);
	return 0;
}
