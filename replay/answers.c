#include "replay/answers.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "replay/pace.h"
#include "replay/tally.h"
#include "wire/headers.h"

enum {
	RING = REPLAY_ANSWERS_MAX,
	BUCKETS = 1 << 16,
	QUEUE_MAX = 64, /* replies of one side that wait for the other's */
	INBOX_BYTES = 128,
	SLOWER_BY_NS = 1000000, /* less is noise, whatever the factor */
};

/* `due_ns` of a request that has not left, and of one that will not. */
#define UNSENT   0
#define NOT_SENT (-1)

/* A reply that waits for its counterpart. */
struct waiting {
	struct waiting *next;
	int64_t latency_ns;
	size_t status_len, payload_len;
	char bytes[]; /* status, payload */
};

struct side {
	struct waiting *first, **end;
	uint32_t count; /* replies so far, compared ones included */
	uint32_t queued;
};

/* A request, in the ring's slot `id % RING` until a newer one takes it. */
struct request {
	_Atomic uint64_t id; /* 0: none yet */
	_Atomic int64_t due_ns;
	uint64_t seq;
	int64_t recorded_ns;
	char *subject, *inbox; /* owned */
	size_t inbox_len;
	uint64_t chain; /* the request before with the same bucket; by id */
	struct side recorded, live;
	bool is_settled;
	bool is_unwanted; /* recorded: nobody received it, so that nobody replied */
	bool lost;        /* a reply could not be kept, or was not recorded whole */
	bool no_responders;
	bool is_slower, is_different, has_other_status;
	struct waiting *first_recorded, *first_live; /* the first pair that differs */
};

struct replay_answers {
	struct replay_answers_options options;
	pthread_mutex_t mutex; /* guards all below but what is atomic */
	struct request *ring;
	uint64_t *buckets;           /* by hash of the recorded inbox: the newest request's id */
	uint64_t next_id, oldest_id; /* those below oldest_id are settled */
	uint64_t gap_id;             /* requests below were read before the last gap… */
	int64_t gap_ns;              /* …which begins there */
	_Atomic int64_t read_ns;     /* how far the log has been read, in recorded time */
	uint64_t end_id;             /* requests below: their recorded replies have all been read */
	size_t waiting_bytes;
	char base[INBOX_BYTES];  /* of our inboxes */
	char inbox[INBOX_BYTES]; /* the last one */
	natsSubscription **subs; /* owned, each one too */
	uint32_t subs_len;
	struct replay_answers_report report;
	struct replay__tally tally;
};

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
	opened->ring = calloc(RING, sizeof *opened->ring);
	opened->buckets = calloc(BUCKETS, sizeof *opened->buckets);
	if (!opened->ring || !opened->buckets || make_base(opened) != 0) {
		replay_answers_close(opened);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	*answers = opened;
	return 0;
}

static void drop_waiting(struct replay_answers *answers, struct waiting *waiting)
{
	while (waiting) {
		struct waiting *next = waiting->next;
		answers->waiting_bytes -= waiting->status_len + waiting->payload_len;
		free(waiting);
		waiting = next;
	}
}

/* What a settled request does not need any more. */
static void empty_request(struct replay_answers *answers, struct request *request)
{
	drop_waiting(answers, request->recorded.first);
	drop_waiting(answers, request->live.first);
	drop_waiting(answers, request->first_recorded);
	drop_waiting(answers, request->first_live);
	free(request->subject);
	free(request->inbox);
	request->recorded.first = request->live.first = NULL;
	request->first_recorded = request->first_live = NULL;
	request->subject = request->inbox = NULL;
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
	for (size_t i = 0; i < RING && answers->ring; i++)
		empty_request(answers, &answers->ring[i]);
	replay__tally_fini(&answers->tally);
	pthread_mutex_destroy(&answers->mutex);
	free(answers->subs);
	free(answers->ring);
	free(answers->buckets);
	free(answers);
}

/* ---- finding ---- */

/* The request of that number; NULL when its slot is a newer one's, or when there was none. */
static struct request *find(struct replay_answers *answers, uint64_t id)
{
	struct request *request = &answers->ring[id % RING];

	return id > 0 && request->id == id ? request : NULL;
}

static uint64_t *bucket_of(struct replay_answers *answers, struct wire_slice inbox)
{
	return &answers->buckets[XXH3_64bits(inbox.data, inbox.len) % BUCKETS];
}

/* The newest request with that recorded inbox. A chain runs from newer to older, and ends where slots were reused. */
static struct request *find_by_inbox(struct replay_answers *answers, struct wire_slice inbox)
{
	uint64_t id = *bucket_of(answers, inbox);

	for (struct request *request; (request = find(answers, id)) != NULL; id = request->chain)
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

/* ---- settling ---- */

static struct replay_reply reply_of(const struct waiting *waiting)
{
	if (!waiting)
		return (struct replay_reply){0};
	return (struct replay_reply){
	    .is_known = true,
	    .status = wire_slice(waiting->bytes, waiting->status_len),
	    .payload = wire_slice(waiting->bytes + waiting->status_len, waiting->payload_len),
	    .latency_ns = waiting->latency_ns,
	};
}

/* Whether the recorded replies may be more than were met: a hole in the log, its end, or bytes that were not kept. */
static bool is_recording_in_doubt(const struct replay_answers *answers, const struct request *request)
{
	if (request->lost)
		return true;
	if (request->is_unwanted)
		return false;
	if (request->id < answers->gap_id &&
	    answers->gap_ns - request->recorded_ns < REPLAY_ANSWERS_WINDOW_NS)
		return true;
	return request->recorded.count == 0 &&
	       answers->read_ns - request->recorded_ns < answers->options.timeout_ns;
}

static enum replay_verdict judge(const struct replay_answers *answers, const struct request *request)
{
	bool in_doubt = is_recording_in_doubt(answers, request);

	if (request->live.count < request->recorded.count)
		return REPLAY_VERDICT_MISSING;
	if (request->has_other_status)
		return REPLAY_VERDICT_STATUS;
	if (request->is_different)
		return REPLAY_VERDICT_DIFFERENT;
	if (in_doubt && (request->recorded.count == 0 || request->live.count > request->recorded.count))
		return REPLAY_VERDICT_UNVERIFIABLE;
	if (request->live.count > request->recorded.count)
		return REPLAY_VERDICT_EXTRA;
	return request->is_slower ? REPLAY_VERDICT_SLOWER : REPLAY_VERDICT_SAME;
}

static void tell_mismatch(const struct replay_answers *answers, const struct request *request,
			  enum replay_verdict verdict)
{
	const struct waiting *recorded =
	    request->first_recorded ? request->first_recorded : request->recorded.first;
	const struct waiting *live = request->first_live ? request->first_live : request->live.first;
	const struct replay_mismatch mismatch = {
	    .verdict = verdict,
	    .seq = request->seq,
	    .subject = wire_slice_str(request->subject),
	    .recorded_count = request->recorded.count,
	    .live_count = request->live.count,
	    .recorded = reply_of(recorded),
	    .live = reply_of(live),
	};

	if (answers->options.mismatch && verdict != REPLAY_VERDICT_SAME &&
	    verdict != REPLAY_VERDICT_UNVERIFIABLE)
		answers->options.mismatch(answers->options.context, &mismatch);
}

static void count_outcome(struct replay_answers *answers, const struct request *request)
{
	struct replay_answers_report *report = &answers->report;

	report->requests++;
	if (request->live.count > 0)
		report->answered++;
	else if (request->no_responders)
		report->no_responders++;
	else
		report->timeouts++;
}

/* Count what came of a request. Its slot keeps its number, so that what still arrives is known to be late. */
static void settle(struct replay_answers *answers, struct request *request)
{
	if (request->is_settled)
		return;
	request->is_settled = true;
	if (request->due_ns > 0) {
		count_outcome(answers, request);
		if (answers->options.verify) {
			enum replay_verdict verdict = judge(answers, request);
			answers->report.verdicts[verdict]++;
			replay__tally_verdict(&answers->tally, request->subject, verdict);
			tell_mismatch(answers, request, verdict);
		}
	}
	empty_request(answers, request);
}

static bool is_recorded_over(const struct replay_answers *answers, const struct request *request)
{
	return !answers->options.verify || request->id < answers->end_id || request->is_unwanted ||
	       answers->read_ns - request->recorded_ns > REPLAY_ANSWERS_WINDOW_NS;
}

/* Nothing more is expected: both sides are complete as far as anybody can tell. */
static bool is_balanced(const struct replay_answers *answers, const struct request *request)
{
	if (request->due_ns == NOT_SENT)
		return true;
	if (request->due_ns == UNSENT)
		return false;
	if (!answers->options.verify)
		return request->live.count > 0 || request->no_responders;
	if (request->recorded.count == 0)
		return request->is_unwanted && request->no_responders;
	return request->live.count >= request->recorded.count;
}

static bool is_expired(const struct replay_answers *answers, const struct request *request, int64_t now_ns)
{
	if (request->due_ns == NOT_SENT)
		return true;
	return request->due_ns != UNSENT && now_ns - request->due_ns > answers->options.timeout_ns &&
	       is_recorded_over(answers, request);
}

/* Settle from the oldest on what has had its time. */
static void sweep(struct replay_answers *answers, int64_t now_ns)
{
	while (answers->oldest_id < answers->next_id) {
		struct request *request = find(answers, answers->oldest_id);
		if (request && !request->is_settled && !is_expired(answers, request, now_ns))
			return;
		if (request)
			settle(answers, request);
		answers->oldest_id++;
	}
}

/* ---- comparing ---- */

static struct waiting *keep(struct replay_answers *answers, struct wire_slice status,
			    struct wire_slice payload, int64_t latency_ns)
{
	size_t bytes = status.len + payload.len;

	if (bytes > REPLAY_ANSWERS_BYTES - answers->waiting_bytes)
		return NULL;
	struct waiting *waiting = malloc(sizeof *waiting + bytes);
	if (!waiting)
		return NULL;
	*waiting =
	    (struct waiting){.latency_ns = latency_ns, .status_len = status.len, .payload_len = payload.len};
	if (status.len > 0)
		memcpy(waiting->bytes, status.data, status.len);
	if (payload.len > 0)
		memcpy(waiting->bytes + status.len, payload.data, payload.len);
	answers->waiting_bytes += bytes;
	return waiting;
}

static struct waiting *take_first(struct side *side)
{
	struct waiting *first = side->first;

	side->first = first->next;
	if (!side->first)
		side->end = &side->first;
	first->next = NULL;
	side->queued--;
	return first;
}

static void compare_pair(struct replay_answers *answers, struct request *request,
			 const struct replay_reply *recorded, const struct replay_reply *live)
{
	double factor = answers->options.slower;

	replay_histogram_add(&answers->report.recorded, recorded->latency_ns);
	replay__tally_pair(&answers->tally, request->subject, recorded->latency_ns, live->latency_ns);
	if (!wire_slice_equal(recorded->status, live->status))
		request->has_other_status = true;
	else if (!replay_compare_equal(answers->options.compare, recorded->payload, live->payload))
		request->is_different = true;
	if (factor > 0 && live->latency_ns - recorded->latency_ns > SLOWER_BY_NS &&
	    (double)live->latency_ns > factor * (double)recorded->latency_ns)
		request->is_slower = true;
}

/* Compare what has met; keep the first pair that differs. */
static void pair_up(struct replay_answers *answers, struct request *request)
{
	while (request->recorded.first && request->live.first) {
		bool was_flawed = request->is_different || request->has_other_status || request->is_slower;
		struct waiting *recorded = take_first(&request->recorded), *live = take_first(&request->live);
		struct replay_reply a = reply_of(recorded), b = reply_of(live);

		compare_pair(answers, request, &a, &b);
		bool is_flawed = request->is_different || request->has_other_status || request->is_slower;
		if (is_flawed && !was_flawed) {
			request->first_recorded = recorded;
			request->first_live = live;
			continue;
		}
		drop_waiting(answers, recorded);
		drop_waiting(answers, live);
	}
}

static void add_reply(struct replay_answers *answers, struct request *request, struct side *side,
		      struct wire_slice status, struct wire_slice payload, int64_t latency_ns)
{
	side->count++;
	if (!answers->options.verify)
		return;
	struct waiting *waiting =
	    side->queued < QUEUE_MAX ? keep(answers, status, payload, latency_ns) : NULL;
	if (!waiting) {
		request->lost = true;
		return;
	}
	*side->end = waiting;
	side->end = &waiting->next;
	side->queued++;
	pair_up(answers, request);
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
	struct request *request = find(answers, id_of(natsMsg_GetSubject(msg)));
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
	add_reply(answers, request, &request->live, wire_slice_str(status),
		  wire_slice(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)), latency_ns);
}

static void on_reply(natsConnection *nats, natsSubscription *sub, natsMsg *msg, void *context)
{
	struct replay_answers *answers = context;
	int64_t now_ns = replay_now_ns();

	(void)nats;
	(void)sub;
	pthread_mutex_lock(&answers->mutex);
	take_reply(answers, msg, now_ns);
	sweep(answers, now_ns);
	pthread_mutex_unlock(&answers->mutex);
	natsMsg_Destroy(msg);
}

natsStatus replay_answers_subscribe(struct replay_answers *answers, natsConnection *nats, uint32_t index)
{
	char subject[INBOX_BYTES + 16];
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
static struct request *take_slot(struct replay_answers *answers)
{
	struct request *request = &answers->ring[answers->next_id % RING];

	if (request->id > 0 && !request->is_settled) {
		if (!is_balanced(answers, request)) {
			answers->report.unawaited++;
			request->lost = true;
		}
		settle(answers, request);
	}
	request->due_ns = UNSENT;
	request->recorded = (struct side){.end = &request->recorded.first};
	request->live = (struct side){.end = &request->live.first};
	request->is_settled = request->is_unwanted = request->lost = request->no_responders = false;
	request->is_slower = request->is_different = request->has_other_status = false;
	request->id = answers->next_id++;
	return request;
}

uint64_t replay_answers_ask(struct replay_answers *answers, const struct wire_event *event,
			    struct wire_slice subject, uint32_t connection, struct wire_slice *inbox)
{
	pthread_mutex_lock(&answers->mutex);
	sweep(answers, replay_now_ns());
	struct request *request = take_slot(answers);
	uint64_t *bucket = bucket_of(answers, event->reply), id = request->id;
	request->seq = event->seq;
	request->recorded_ns = event->time_ns;
	request->subject = strndup(subject.data, subject.len);
	request->inbox = strndup(event->reply.data, event->reply.len);
	request->inbox_len = event->reply.len;
	request->is_unwanted = event->receiver_count == 0;
	request->chain = *bucket;
	*bucket = id;
	if (!request->subject || !request->inbox) {
		request->due_ns = NOT_SENT;
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
	struct request *request = find_by_inbox(answers, reply->subject);
	if (request && !request->is_settled) {
		request->lost |= (reply->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0;
		add_reply(answers, request, &request->recorded, headers.status, reply->payload,
			  reply->time_ns - request->recorded_ns);
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
	answers->gap_ns = gap->from_ns;
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
		struct request *request = find(answers, id);
		if (request && request->due_ns == UNSENT)
			request->due_ns = NOT_SENT;
	}
	answers->end_id = answers->next_id;
	pthread_mutex_unlock(&answers->mutex);
}

/* ---- playing ---- */

void replay_answers_sent(struct replay_answers *answers, uint64_t id, int64_t due_ns)
{
	struct request *request = find(answers, id);

	if (request)
		request->due_ns = due_ns;
}

void replay_answers_not_sent(struct replay_answers *answers, uint64_t id)
{
	struct request *request = find(answers, id);

	if (request)
		request->due_ns = NOT_SENT;
}

/* ---- the end ---- */

bool replay_answers_are_awaited(struct replay_answers *answers)
{
	bool awaited = false;

	pthread_mutex_lock(&answers->mutex);
	sweep(answers, replay_now_ns());
	for (uint64_t id = answers->oldest_id; id < answers->next_id && !awaited; id++) {
		const struct request *request = find(answers, id);
		awaited = request && !request->is_settled && !is_balanced(answers, request);
	}
	pthread_mutex_unlock(&answers->mutex);
	return awaited;
}

const struct replay_answers_report *replay_answers_finish(struct replay_answers *answers)
{
	pthread_mutex_lock(&answers->mutex);
	answers->end_id = answers->next_id;
	for (uint64_t id = answers->oldest_id; id < answers->next_id; id++) {
		struct request *request = find(answers, id);
		if (request)
			settle(answers, request);
	}
	replay__tally_sort(&answers->tally);
	answers->report.rows = answers->tally.rows;
	answers->report.rows_len = answers->tally.len;
	pthread_mutex_unlock(&answers->mutex);
	return &answers->report;
}
