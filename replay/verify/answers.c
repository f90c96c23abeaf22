#include "replay/verify/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "replay/play/pace.h"
#include "replay/verify/answers_state.h"
#include "wire/headers.h"

static const struct {
	const char *key, *text;
} verdicts[] = {
#define REPLAY_VERDICT_ROW(name, key, text) {key, text},
    REPLAY_VERDICTS(REPLAY_VERDICT_ROW)
#undef REPLAY_VERDICT_ROW
};

const char *replay_verdict_text(enum replay_verdict verdict)
{
	return verdicts[verdict].text;
}

const char *replay_verdict_key(enum replay_verdict verdict)
{
	return verdicts[verdict].key;
}

/* ---- opening and closing ---- */

static int make_base(struct replay_answers *answers)
{
	natsInbox *inbox = NULL;
	const char *prefix = answers->options.inbox_prefix ? answers->options.inbox_prefix : "_INBOX";

	if (natsInbox_Create(&inbox) != NATS_OK)
		return -ENOMEM;
	const char *unique = strrchr((const char *)inbox, '.');
	snprintf(answers->base, sizeof(answers->base), "%s%s", prefix, unique ? unique : ".tapedeck");
	natsInbox_Destroy(inbox);
	return 0;
}

int replay_answers_open(struct replay_answers **answers, const struct replay_answers_options *options,
			struct wire_fault *fault)
{
	struct replay_answers *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->options = *options;
	opened->next_id = opened->oldest_id = 1;
	pthread_mutex_init(&opened->mutex, NULL);
	opened->ring = calloc(REPLAY__RING, sizeof *opened->ring);
	opened->buckets = calloc(REPLAY__BUCKETS, sizeof *opened->buckets);
	if (!opened->ring || !opened->buckets || make_base(opened) != 0) {
		replay_answers_close(opened);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	*answers = opened;
	return 0;
}

void replay_answers_unsubscribe(struct replay_answers *answers)
{
	for (uint32_t i = 0; i < answers->subs_len; i++)
		natsSubscription_Destroy(answers->subs[i]);
	answers->subs_len = 0;
}

void replay_answers_close(struct replay_answers *answers)
{
	if (!answers)
		return;
	replay_answers_unsubscribe(answers);
	for (size_t i = 0; i < REPLAY__RING && answers->ring; i++)
		replay__outstanding_empty(answers, &answers->ring[i]);
	replay__tally_fini(&answers->tally);
	pthread_mutex_destroy(&answers->mutex);
	free(answers->subs);
	free(answers->ring);
	free(answers->buckets);
	free(answers);
}

/* ---- finding ---- */

static uint64_t *bucket_of(struct replay_answers *answers, struct wire_slice inbox)
{
	return &answers->buckets[XXH3_64bits(inbox.data, inbox.len) % REPLAY__BUCKETS];
}

/* The newest request with that recorded inbox. A chain runs from newer to older, and ends where slots were reused. */
static struct replay__outstanding *find_by_inbox(struct replay_answers *answers, struct wire_slice inbox)
{
	uint64_t id = *bucket_of(answers, inbox);

	for (struct replay__outstanding *request; (request = replay__outstanding_find(answers, id)) != NULL;
	     id = request->chain)
		if (request->inbox && wire_slice_equal(wire_slice(request->inbox, request->inbox_len), inbox))
			return request;
	return NULL;
}

static bool has_prefix(struct wire_slice subject, const char *prefix)
{
	size_t len = prefix ? strlen(prefix) : 0;

	return len > 0 && subject.len > len && memcmp(subject.data, prefix, len) == 0 &&
	       subject.data[len] == '.';
}

bool replay_is_inbox(struct wire_slice subject, const char *inbox_prefix)
{
	return has_prefix(subject, "_INBOX") || has_prefix(subject, inbox_prefix);
}

bool replay_answers_is_inbox(const struct replay_answers *answers, struct wire_slice subject)
{
	return replay_is_inbox(subject, answers->options.inbox_prefix);
}

/* ---- live replies ---- */

/* The number of a request at the end of an inbox of ours; 0 when there is none. */
static uint64_t id_of(const char *subject)
{
	const char *dot = strrchr(subject, '.');

	return dot ? strtoull(dot + 1, NULL, 10) : 0;
}

static void take_reply(struct replay_answers *answers, natsMsg *msg, int64_t now_ns)
{
	struct replay__outstanding *request =
	    replay__outstanding_find(answers, id_of(natsMsg_GetSubject(msg)));
	const char *status = NULL;

	if (!request || request->is_settled) {
		answers->report.late++;
		return;
	}
	if (natsMsg_IsNoResponders(msg)) {
		request->no_responders = true;
		return;
	}
	if (natsMsgHeader_Get(msg, "Status", &status) != NATS_OK)
		status = NULL;
	int64_t latency_ns = request->due_ns > 0 ? now_ns - request->due_ns : 0;
	replay_histogram_add(&answers->report.live, latency_ns);
	replay__outstanding_add(answers, request, &request->live, wire_slice_str(status),
				wire_slice(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)),
				latency_ns);
}

static void on_reply(natsConnection *nats, natsSubscription *sub, natsMsg *msg, void *context)
{
	struct replay_answers *answers = context;
	int64_t now_ns = replay_now_ns();

	(void)nats;
	(void)sub;
	pthread_mutex_lock(&answers->mutex);
	take_reply(answers, msg, now_ns);
	replay__answers_sweep(answers, now_ns);
	pthread_mutex_unlock(&answers->mutex);
	natsMsg_Destroy(msg);
}

natsStatus replay_answers_subscribe(struct replay_answers *answers, natsConnection *nats, uint32_t index)
{
	char subject[REPLAY__INBOX_BYTES + 16];
	natsSubscription **subs =
	    realloc(answers->subs, (answers->subs_len + 1) * sizeof(natsSubscription *));

	if (!subs)
		return NATS_NO_MEMORY;
	answers->subs = subs;
	snprintf(subject, sizeof(subject), "%s.%u.*", answers->base, index);
	natsStatus status =
	    natsConnection_Subscribe(&subs[answers->subs_len], nats, subject, on_reply, answers);
	answers->subs_len += status == NATS_OK;
	return status;
}

/* ---- the log ---- */

/* Give a request a slot; what was there, and not settled, is forgotten. */
static struct replay__outstanding *take_slot(struct replay_answers *answers)
{
	struct replay__outstanding *request = &answers->ring[answers->next_id % REPLAY__RING];

	if (request->id > 0 && !request->is_settled) {
		if (!replay__outstanding_is_balanced(answers, request)) {
			answers->report.unawaited++;
			request->lost = true;
		}
		replay__outstanding_settle(answers, request);
	}
	request->due_ns = REPLAY__UNSENT;
	request->recorded = (struct replay__side){.end = &request->recorded.first};
	request->live = (struct replay__side){.end = &request->live.first};
	request->is_settled = request->is_unwanted = request->lost = request->no_responders = false;
	request->has_masked_reply = false;
	request->is_slower = request->is_different = request->has_other_status = false;
	request->id = answers->next_id++;
	return request;
}

uint64_t replay_answers_ask(struct replay_answers *answers, const struct wire_event *event,
			    struct wire_slice subject, uint32_t connection, struct wire_slice *inbox)
{
	pthread_mutex_lock(&answers->mutex);
	replay__answers_sweep(answers, replay_now_ns());
	struct replay__outstanding *request = take_slot(answers);
	uint64_t *bucket = bucket_of(answers, event->reply), id = request->id;
	request->seq = event->seq;
	request->recorded_ns = event->steady_ns;
	request->subject = strndup(subject.data, subject.len);
	request->inbox = strndup(event->reply.data, event->reply.len);
	request->inbox_len = event->reply.len;
	request->is_unwanted = event->receiver_count == 0 && !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
	request->is_masked = (event->flags & WIRE_EVENT_MASKED) != 0;
	request->chain = *bucket;
	*bucket = id;
	if (!request->subject || !request->inbox) {
		request->due_ns = REPLAY__NOT_SENT;
		id = 0;
	}
	int len =
	    snprintf(answers->inbox, sizeof(answers->inbox), "%s.%u.%" PRIu64, answers->base, connection, id);
	pthread_mutex_unlock(&answers->mutex);
	*inbox = wire_slice(answers->inbox, (size_t)len);
	return id;
}

void replay_answers_recorded(struct replay_answers *answers, const struct wire_event *reply)
{
	struct wire_headers headers = {0};

	if (!answers->options.verify)
		return;
	if (reply->headers.len > 0)
		wire_headers_open(&headers, reply->headers);
	pthread_mutex_lock(&answers->mutex);
	struct replay__outstanding *request = find_by_inbox(answers, reply->subject);
	if (request && !request->is_settled) {
		request->lost |= (reply->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0;
		request->has_masked_reply |= (reply->flags & WIRE_EVENT_MASKED) != 0;
		replay__outstanding_add(answers, request, &request->recorded, headers.status, reply->payload,
					replay__span_ns(request->recorded_ns, reply->steady_ns));
	}
	pthread_mutex_unlock(&answers->mutex);
}

void replay_answers_read_to(struct replay_answers *answers, int64_t recorded_ns)
{
	answers->read_ns = recorded_ns;
}

void replay_answers_gap(struct replay_answers *answers, const struct wire_event *gap)
{
	pthread_mutex_lock(&answers->mutex);
	answers->gap_id = answers->next_id;
	answers->gap_ns = store_time_minus(gap->steady_ns, store_time_minus(gap->time_ns, gap->from_ns));
	pthread_mutex_unlock(&answers->mutex);
}

void replay_answers_end_of_log(struct replay_answers *answers)
{
	pthread_mutex_lock(&answers->mutex);
	answers->end_id = answers->next_id;
	pthread_mutex_unlock(&answers->mutex);
}

void replay_answers_void(struct replay_answers *answers)
{
	pthread_mutex_lock(&answers->mutex);
	for (uint64_t id = answers->oldest_id; id < answers->next_id; id++) {
		struct replay__outstanding *request = replay__outstanding_find(answers, id);
		if (request && request->due_ns == REPLAY__UNSENT)
			request->due_ns = REPLAY__NOT_SENT;
	}
	answers->end_id = answers->next_id;
	pthread_mutex_unlock(&answers->mutex);
}

/* ---- playing ---- */

void replay_answers_sent(struct replay_answers *answers, uint64_t id, int64_t due_ns)
{
	struct replay__outstanding *request = replay__outstanding_find(answers, id);

	if (request)
		request->due_ns = due_ns;
}

void replay_answers_not_sent(struct replay_answers *answers, uint64_t id)
{
	struct replay__outstanding *request = replay__outstanding_find(answers, id);

	if (request)
		request->due_ns = REPLAY__NOT_SENT;
}

/* ---- the end ---- */

bool replay_answers_are_awaited(struct replay_answers *answers)
{
	bool awaited = false;

	pthread_mutex_lock(&answers->mutex);
	replay__answers_sweep(answers, replay_now_ns());
	for (uint64_t id = answers->oldest_id; id < answers->next_id && !awaited; id++) {
		const struct replay__outstanding *request = replay__outstanding_find(answers, id);
		awaited =
		    request && !request->is_settled && !replay__outstanding_is_balanced(answers, request);
	}
	pthread_mutex_unlock(&answers->mutex);
	return awaited;
}

const struct replay_answers_report *replay_answers_finish(struct replay_answers *answers)
{
	pthread_mutex_lock(&answers->mutex);
	answers->end_id = answers->next_id;
	for (uint64_t id = answers->oldest_id; id < answers->next_id; id++) {
		struct replay__outstanding *request = replay__outstanding_find(answers, id);
		if (request)
			replay__outstanding_settle(answers, request);
	}
	replay__tally_sort(&answers->tally);
	answers->report.rows = answers->tally.rows;
	answers->report.rows_len = answers->tally.len;
	pthread_mutex_unlock(&answers->mutex);
	return &answers->report;
}
