#include "replay/verify/live_replies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "replay/play/pace.h"
#include "replay/verify/live_request.h"
#include "store/read/steps.h"
#include "wire/headers.h"

/* ---- opening and closing ---- */

/* Our inboxes are <prefix>.<unique>.<connection>.<id>. */
static int make_base(struct replay_live_replies *live)
{
	const char *prefix = live->options.inboxes.prefix ? live->options.inboxes.prefix : TRACE_INBOX_PREFIX;
	uint64_t unique[2];

	if (getrandom(unique, sizeof unique, 0) != sizeof unique)
		return -errno;
	snprintf(live->base, sizeof(live->base), "%s.%016" PRIx64 "%016" PRIx64, prefix, unique[0],
		 unique[1]);
	return 0;
}

int replay_live_replies_open(struct replay_live_replies **live,
			     const struct replay_live_replies_options *options, struct wire_fault *fault)
{
	struct replay_live_replies *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	opened->options = *options;
	opened->next_id = opened->oldest_id = 1;
	pthread_mutex_init(&opened->mutex, NULL);
	trace_requests_init(&opened->recorded, REPLAY_LIVE_REQUESTS_MAX, NULL, NULL);
	opened->ring = calloc(REPLAY_LIVE_REQUESTS_MAX, sizeof *opened->ring);
	if (!opened->ring || make_base(opened) != 0) {
		replay_live_replies_close(opened);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	*live = opened;
	return 0;
}

void replay_live_replies_unsubscribe(struct replay_live_replies *live)
{
	net_client_unsubscribe(live->subs, live->subs_len);
	live->subs_len = 0;
}

void replay_live_replies_close(struct replay_live_replies *live)
{
	if (!live)
		return;
	replay_live_replies_unsubscribe(live);
	for (size_t i = 0; i < REPLAY_LIVE_REQUESTS_MAX && live->ring; i++)
		replay__live_request_clear(live, &live->ring[i]);
	replay__verify_summary_fini(&live->summary);
	trace_histogram_fini(&live->report.recorded);
	trace_histogram_fini(&live->report.live);
	trace_requests_fini(&live->recorded);
	pthread_mutex_destroy(&live->mutex);
	free(live->subs);
	free(live->ring);
	free(live);
}

/* The request of that id; NULL when a newer one has its slot, or when there was none. */
static struct replay__live_request *find(struct replay_live_replies *live, uint64_t id)
{
	struct replay__live_request *request = &live->ring[id % REPLAY_LIVE_REQUESTS_MAX];

	return id > 0 && request->id == id ? request : NULL;
}

/* Finish expired requests, from the oldest up to the first that is not expired. Called with the mutex held. */
static void finish_expired(struct replay_live_replies *live, int64_t now_ns)
{
	while (live->oldest_id < live->next_id) {
		struct replay__live_request *request = find(live, live->oldest_id);
		if (request && !request->is_finished &&
		    !replay__live_request_is_expired(live, request, now_ns))
			return;
		if (request)
			replay__live_request_finish(live, request);
		live->oldest_id++;
	}
}

/* ---- live replies ---- */

/* The id at the end of an inbox of ours; 0 when there is none. */
static uint64_t id_of(const char *subject)
{
	const char *dot = strrchr(subject, '.');

	return dot ? strtoull(dot + 1, NULL, 10) : 0;
}

/* The server says that no one has subscribed to the request's subject. */
static bool is_no_responders(const struct net_client_delivery *reply, const char *status)
{
	return reply->payload.len == 0 && status && strncmp(status, "503", 3) == 0;
}

static void take_reply(struct replay_live_replies *live, const struct net_client_delivery *reply,
		       int64_t now_ns)
{
	struct replay__live_request *request = find(live, id_of(reply->subject));
	const char *status = net_client_delivery_status(reply);

	if (!request || request->is_finished) {
		live->report.late++;
		return;
	}
	if (is_no_responders(reply, status)) {
		request->no_responders = true;
		return;
	}
	int64_t latency_ns = request->due_ns > 0 ? now_ns - request->due_ns : 0;
	(void)trace_histogram_add(&live->report.live, latency_ns);
	replay__live_request_add_reply(live, request, &request->live, wire_slice_str(status), reply->payload,
				       latency_ns);
}

static bool on_reply(void *context, const struct net_client_delivery *reply)
{
	struct replay_live_replies *live = context;
	int64_t now_ns = replay_now_ns();

	pthread_mutex_lock(&live->mutex);
	take_reply(live, reply, now_ns);
	finish_expired(live, now_ns);
	pthread_mutex_unlock(&live->mutex);
	return false;
}

int replay_live_replies_subscribe(struct replay_live_replies *live, struct net_client *client, uint32_t index,
				  struct wire_fault *fault)
{
	char subject[REPLAY__INBOX_BYTES + 16];
	struct net_client_subscription **subs = realloc(live->subs, (live->subs_len + 1) * sizeof *subs);

	if (!subs)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	live->subs = subs;
	snprintf(subject, sizeof(subject), "%s.%u.*", live->base, index);
	int error = net_client_subscribe(&subs[live->subs_len], client, subject, NULL, on_reply, live, fault);
	live->subs_len += error == 0;
	return error;
}

/* ---- the log ---- */

bool replay_live_replies_is_inbox(const struct replay_live_replies *live, struct wire_slice subject)
{
	return trace_is_inbox(&live->options.inboxes, subject);
}

/* Give the next request a slot. Evicts the request that has it. */
static struct replay__live_request *take_slot(struct replay_live_replies *live)
{
	struct replay__live_request *request = &live->ring[live->next_id % REPLAY_LIVE_REQUESTS_MAX];

	if (request->id > 0 && !request->is_finished) {
		if (!replay__live_request_is_complete(live, request)) {
			live->report.unawaited++;
			request->is_unverifiable = true;
		}
		replay__live_request_finish(live, request);
	}
	request->due_ns = REPLAY__UNSENT;
	request->recorded = (struct replay__reply_list){.end = &request->recorded.first};
	request->live = (struct replay__reply_list){.end = &request->live.first};
	request->is_finished = request->nobody_received = request->is_unverifiable = false;
	request->no_responders = request->has_masked_reply = false;
	request->is_slower = request->is_different = request->has_other_status = false;
	request->id = live->next_id++;
	return request;
}

uint64_t replay_live_replies_add_request(struct replay_live_replies *live, const struct wire_event *event,
					 struct wire_slice subject, uint32_t connection,
					 struct wire_slice *inbox)
{
	pthread_mutex_lock(&live->mutex);
	finish_expired(live, replay_now_ns());
	struct replay__live_request *request = take_slot(live);
	uint64_t id = request->id;
	request->seq = event->seq;
	request->recorded_ns = event->steady_ns;
	request->subject = strndup(subject.data, subject.len);
	request->nobody_received =
	    event->receiver_count == 0 && !(event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN);
	request->is_masked = (event->flags & WIRE_EVENT_MASKED) != 0;
	if (!request->subject || trace_requests_add(&live->recorded, event, id, NULL) != 0) {
		request->due_ns = REPLAY__NOT_SENT;
		id = 0;
	}
	int len = snprintf(live->inbox, sizeof(live->inbox), "%s.%u.%" PRIu64, live->base, connection, id);
	pthread_mutex_unlock(&live->mutex);
	*inbox = wire_slice(live->inbox, (size_t)len);
	return id;
}

/* The recorded "no responders" says the same as a request without receivers: no reply is missing. */
static void take_recorded(struct replay_live_replies *live, struct replay__live_request *request,
			  const struct wire_event *reply)
{
	struct wire_headers headers = {0};

	if (trace_is_no_responders(reply)) {
		request->nobody_received = request->recorded.count == 0;
		return;
	}
	if (reply->headers.len > 0)
		wire_headers_open(&headers, reply->headers);
	request->is_unverifiable |= (reply->flags & (WIRE_EVENT_CUT | WIRE_EVENT_PARTIAL)) != 0;
	request->has_masked_reply |= (reply->flags & WIRE_EVENT_MASKED) != 0;
	replay__live_request_add_reply(live, request, &request->recorded, headers.status, reply->payload,
				       store_time_minus(reply->steady_ns, request->recorded_ns));
}

void replay_live_replies_add_recorded(struct replay_live_replies *live, const struct wire_event *reply)
{
	if (!live->options.verify)
		return;
	pthread_mutex_lock(&live->mutex);
	const struct trace_request *recorded = trace_requests_reply(&live->recorded, reply);
	struct replay__live_request *request = recorded ? find(live, recorded->key) : NULL;
	if (request && !request->is_finished)
		take_recorded(live, request, reply);
	pthread_mutex_unlock(&live->mutex);
}

void replay_live_replies_read_to(struct replay_live_replies *live, int64_t recorded_ns)
{
	live->read_ns = recorded_ns;
}

void replay_live_replies_add_gap(struct replay_live_replies *live, const struct wire_event *gap)
{
	pthread_mutex_lock(&live->mutex);
	live->gap_id = live->next_id;
	live->gap_ns = store_time_minus(gap->steady_ns, store_time_minus(gap->time_ns, gap->from_ns));
	pthread_mutex_unlock(&live->mutex);
}

void replay_live_replies_end_of_log(struct replay_live_replies *live)
{
	pthread_mutex_lock(&live->mutex);
	live->end_id = live->next_id;
	pthread_mutex_unlock(&live->mutex);
}

void replay_live_replies_cancel_unsent(struct replay_live_replies *live)
{
	pthread_mutex_lock(&live->mutex);
	for (uint64_t id = live->oldest_id; id < live->next_id; id++) {
		struct replay__live_request *request = find(live, id);
		if (request && request->due_ns == REPLAY__UNSENT)
			request->due_ns = REPLAY__NOT_SENT;
	}
	live->end_id = live->next_id;
	pthread_mutex_unlock(&live->mutex);
}

/* ---- playing ---- */

void replay_live_replies_sent(struct replay_live_replies *live, uint64_t id, int64_t due_ns)
{
	struct replay__live_request *request = find(live, id);

	if (request)
		request->due_ns = due_ns;
}

void replay_live_replies_not_sent(struct replay_live_replies *live, uint64_t id)
{
	struct replay__live_request *request = find(live, id);

	if (request)
		request->due_ns = REPLAY__NOT_SENT;
}

/* ---- the end ---- */

bool replay_live_replies_are_pending(struct replay_live_replies *live)
{
	bool is_pending = false;

	pthread_mutex_lock(&live->mutex);
	finish_expired(live, replay_now_ns());
	for (uint64_t id = live->oldest_id; id < live->next_id && !is_pending; id++) {
		const struct replay__live_request *request = find(live, id);
		is_pending =
		    request && !request->is_finished && !replay__live_request_is_complete(live, request);
	}
	pthread_mutex_unlock(&live->mutex);
	return is_pending;
}

const struct replay_verify_report *replay_live_replies_finish(struct replay_live_replies *live)
{
	pthread_mutex_lock(&live->mutex);
	live->end_id = live->next_id;
	for (uint64_t id = live->oldest_id; id < live->next_id; id++) {
		struct replay__live_request *request = find(live, id);
		if (request)
			replay__live_request_finish(live, request);
	}
	replay__verify_summary_sort(&live->summary);
	live->report.rows = live->summary.rows;
	live->report.rows_len = live->summary.len;
	pthread_mutex_unlock(&live->mutex);
	return &live->report;
}
