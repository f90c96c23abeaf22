#include "replay/verify/live_request.h"

#include <stdlib.h>

#include "store/read/steps.h"

enum {
	SLOWER_BY_NS = 1000000, /* a smaller difference is noise, whatever the factor */
	WAITING_MAX = 64,       /* replies of one list that wait for the other's */
};

static void free_replies(struct replay_live_replies *live, struct replay__kept_reply *reply)
{
	while (reply) {
		struct replay__kept_reply *next = reply->next;
		live->waiting_bytes -= reply->status_len + reply->payload_len;
		free(reply);
		reply = next;
	}
}

void replay__live_request_clear(struct replay_live_replies *live, struct replay__live_request *request)
{
	free_replies(live, request->recorded.first);
	free_replies(live, request->live.first);
	free_replies(live, request->first_recorded);
	free_replies(live, request->first_live);
	free(request->subject);
	request->recorded.first = request->live.first = NULL;
	request->first_recorded = request->first_live = NULL;
	request->subject = NULL;
}

static struct replay_reply reply_of(const struct replay__kept_reply *kept)
{
	if (!kept)
		return (struct replay_reply){0};
	return (struct replay_reply){
	    .is_known = true,
	    .status = wire_slice(kept->bytes, kept->status_len),
	    .payload = wire_slice(kept->bytes + kept->status_len, kept->payload_len),
	    .latency_ns = kept->latency_ns,
	};
}

/* ---- the verdict ---- */

/* The log may lack recorded replies: it has a gap after the request, or ends too soon. */
static bool may_lack_recorded(const struct replay_live_replies *live,
			      const struct replay__live_request *request)
{
	if (request->nobody_received)
		return false;
	if (request->id < live->gap_id &&
	    store_time_minus(live->gap_ns, request->recorded_ns) < REPLAY_REPLY_WINDOW_NS)
		return true;
	return request->recorded.count == 0 &&
	       store_time_minus(live->read_ns, request->recorded_ns) < live->options.timeout_ns;
}

static enum replay_verdict judge(const struct replay_live_replies *live,
				 const struct replay__live_request *request)
{
	bool in_doubt = may_lack_recorded(live, request);

	if (request->is_unverifiable)
		return REPLAY_VERDICT_UNVERIFIABLE;
	if (request->is_masked)
		return REPLAY_VERDICT_MASKED;
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
	if (request->is_slower)
		return REPLAY_VERDICT_SLOWER;
	return request->has_masked_reply ? REPLAY_VERDICT_MASKED : REPLAY_VERDICT_SAME;
}

static void report_mismatch(const struct replay_live_replies *live,
			    const struct replay__live_request *request, enum replay_verdict verdict)
{
	const struct replay__kept_reply *recorded =
	    request->first_recorded ? request->first_recorded : request->recorded.first;
	const struct replay__kept_reply *first_live =
	    request->first_live ? request->first_live : request->live.first;
	const struct replay_mismatch mismatch = {
	    .verdict = verdict,
	    .seq = request->seq,
	    .subject = wire_slice_str(request->subject),
	    .recorded_count = request->recorded.count,
	    .live_count = request->live.count,
	    .recorded = reply_of(recorded),
	    .live = reply_of(first_live),
	};

	if (live->options.mismatch && replay_verdict_is_mismatch(verdict))
		live->options.mismatch(live->options.context, &mismatch);
}

static void count_outcome(struct replay_live_replies *live, const struct replay__live_request *request)
{
	struct replay_verify_report *report = &live->report;

	report->requests++;
	if (request->live.count > 0)
		report->answered++;
	else if (request->no_responders)
		report->no_responders++;
	else
		report->timeouts++;
}

void replay__live_request_finish(struct replay_live_replies *live, struct replay__live_request *request)
{
	if (request->is_finished)
		return;
	request->is_finished = true;
	if (request->due_ns > 0) {
		count_outcome(live, request);
		if (live->options.verify) {
			enum replay_verdict verdict = judge(live, request);
			live->report.verdicts[verdict]++;
			replay__verify_summary_add_verdict(&live->summary, request->subject, verdict);
			report_mismatch(live, request, verdict);
		}
	}
	replay__live_request_clear(live, request);
}

/* ---- what is still expected ---- */

static bool is_recorded_complete(const struct replay_live_replies *live,
				 const struct replay__live_request *request)
{
	return !live->options.verify || request->id < live->end_id || request->nobody_received ||
	       store_time_minus(live->read_ns, request->recorded_ns) > REPLAY_REPLY_WINDOW_NS;
}

bool replay__live_request_is_complete(const struct replay_live_replies *live,
				      const struct replay__live_request *request)
{
	if (request->due_ns == REPLAY__NOT_SENT)
		return true;
	if (request->due_ns == REPLAY__UNSENT)
		return false;
	if (!live->options.verify)
		return request->live.count > 0 || request->no_responders;
	if (request->recorded.count == 0)
		return request->nobody_received && request->no_responders;
	return request->live.count >= request->recorded.count;
}

bool replay__live_request_is_expired(const struct replay_live_replies *live,
				     const struct replay__live_request *request, int64_t now_ns)
{
	if (request->due_ns == REPLAY__NOT_SENT)
		return true;
	return request->due_ns != REPLAY__UNSENT && now_ns - request->due_ns > live->options.timeout_ns &&
	       is_recorded_complete(live, request);
}

/* ---- comparing ---- */

/* A copy of a reply; NULL when there is no memory, or too many bytes wait already. */
static struct replay__kept_reply *keep(struct replay_live_replies *live, struct wire_slice status,
				       struct wire_slice payload, int64_t latency_ns)
{
	size_t bytes = status.len + payload.len;

	if (bytes > REPLAY_LIVE_REPLIES_BYTES - live->waiting_bytes)
		return NULL;
	struct replay__kept_reply *kept = malloc(sizeof *kept + bytes);
	if (!kept)
		return NULL;
	*kept = (struct replay__kept_reply){
	    .latency_ns = latency_ns, .status_len = status.len, .payload_len = payload.len};
	if (status.len > 0)
		memcpy(kept->bytes, status.data, status.len);
	if (payload.len > 0)
		memcpy(kept->bytes + status.len, payload.data, payload.len);
	live->waiting_bytes += bytes;
	return kept;
}

static struct replay__kept_reply *take_first(struct replay__reply_list *list)
{
	struct replay__kept_reply *first = list->first;

	list->first = first->next;
	if (!list->first)
		list->end = &list->first;
	first->next = NULL;
	list->waiting--;
	return first;
}

static void compare(struct replay_live_replies *live, struct replay__live_request *request,
		    const struct replay_reply *recorded, const struct replay_reply *reply)
{
	double factor = live->options.slower;
	bool is_comparable = !request->is_masked && !request->has_masked_reply;

	(void)trace_histogram_add(&live->report.recorded, recorded->latency_ns);
	replay__verify_summary_add_pair(&live->summary, request->subject, recorded->latency_ns,
					reply->latency_ns);
	if (is_comparable && !wire_slice_equal(recorded->status, reply->status))
		request->has_other_status = true;
	else if (is_comparable &&
		 !replay_compare_equal(live->options.compare, recorded->payload, reply->payload))
		request->is_different = true;
	if (factor > 0 && store_time_minus(reply->latency_ns, recorded->latency_ns) > SLOWER_BY_NS &&
	    (double)reply->latency_ns > factor * (double)recorded->latency_ns)
		request->is_slower = true;
}

static bool differs(const struct replay__live_request *request)
{
	return request->is_different || request->has_other_status || request->is_slower;
}

/* Compare the pairs that are complete; keep the first one that differs. */
static void compare_pairs(struct replay_live_replies *live, struct replay__live_request *request)
{
	while (request->recorded.first && request->live.first) {
		bool differed = differs(request);
		struct replay__kept_reply *recorded = take_first(&request->recorded),
					  *reply = take_first(&request->live);
		struct replay_reply a = reply_of(recorded), b = reply_of(reply);

		compare(live, request, &a, &b);
		if (differs(request) && !differed) {
			request->first_recorded = recorded;
			request->first_live = reply;
			continue;
		}
		free_replies(live, recorded);
		free_replies(live, reply);
	}
}

void replay__live_request_add_reply(struct replay_live_replies *live, struct replay__live_request *request,
				    struct replay__reply_list *list, struct wire_slice status,
				    struct wire_slice payload, int64_t latency_ns)
{
	list->count++;
	if (!live->options.verify)
		return;
	struct replay__kept_reply *kept =
	    list->waiting < WAITING_MAX ? keep(live, status, payload, latency_ns) : NULL;
	if (!kept) {
		request->is_unverifiable = true;
		return;
	}
	*list->end = kept;
	list->end = &kept->next;
	list->waiting++;
	compare_pairs(live, request);
}
