/* answers_settle.c - replies side by side, and what is found of a request. */
#include <stdlib.h>

#include "replay/verify/answers_state.h"

enum { SLOWER_BY_NS = 1000000 }; /* less is noise, whatever the factor */

static void drop_waiting(struct replay_answers *answers, struct replay__waiting *waiting)
{
	while (waiting) {
		struct replay__waiting *next = waiting->next;
		answers->waiting_bytes -= waiting->status_len + waiting->payload_len;
		free(waiting);
		waiting = next;
	}
}

void replay__outstanding_empty(struct replay_answers *answers, struct replay__outstanding *request)
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

/* ---- judging ---- */

static struct replay_reply reply_of(const struct replay__waiting *waiting)
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

/* Whether the recorded replies may be more than were met: there is a hole in the log, or its end. */
static bool is_recording_in_doubt(const struct replay_answers *answers,
				  const struct replay__outstanding *request)
{
	if (request->is_unwanted)
		return false;
	if (request->id < answers->gap_id &&
	    replay__span_ns(request->recorded_ns, answers->gap_ns) < REPLAY_ANSWERS_WINDOW_NS)
		return true;
	return request->recorded.count == 0 &&
	       replay__span_ns(request->recorded_ns, answers->read_ns) < answers->options.timeout_ns;
}

static enum replay_verdict judge(const struct replay_answers *answers,
				 const struct replay__outstanding *request)
{
	bool in_doubt = is_recording_in_doubt(answers, request);

	if (request->lost)
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

static void tell_mismatch(const struct replay_answers *answers, const struct replay__outstanding *request,
			  enum replay_verdict verdict)
{
	const struct replay__waiting *recorded =
	    request->first_recorded ? request->first_recorded : request->recorded.first;
	const struct replay__waiting *live = request->first_live ? request->first_live : request->live.first;
	const struct replay_mismatch mismatch = {
	    .verdict = verdict,
	    .seq = request->seq,
	    .subject = wire_slice_str(request->subject),
	    .recorded_count = request->recorded.count,
	    .live_count = request->live.count,
	    .recorded = reply_of(recorded),
	    .live = reply_of(live),
	};

	if (answers->options.mismatch && replay_verdict_is_mismatch(verdict))
		answers->options.mismatch(answers->options.context, &mismatch);
}

static void count_outcome(struct replay_answers *answers, const struct replay__outstanding *request)
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

void replay__outstanding_settle(struct replay_answers *answers, struct replay__outstanding *request)
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
	replay__outstanding_empty(answers, request);
}

static bool is_recorded_over(const struct replay_answers *answers, const struct replay__outstanding *request)
{
	return !answers->options.verify || request->id < answers->end_id || request->is_unwanted ||
	       replay__span_ns(request->recorded_ns, answers->read_ns) > REPLAY_ANSWERS_WINDOW_NS;
}

bool replay__outstanding_is_balanced(const struct replay_answers *answers,
				     const struct replay__outstanding *request)
{
	if (request->due_ns == REPLAY__NOT_SENT)
		return true;
	if (request->due_ns == REPLAY__UNSENT)
		return false;
	if (!answers->options.verify)
		return request->live.count > 0 || request->no_responders;
	if (request->recorded.count == 0)
		return request->is_unwanted && request->no_responders;
	return request->live.count >= request->recorded.count;
}

static bool is_expired(const struct replay_answers *answers, const struct replay__outstanding *request,
		       int64_t now_ns)
{
	if (request->due_ns == REPLAY__NOT_SENT)
		return true;
	return request->due_ns != REPLAY__UNSENT && now_ns - request->due_ns > answers->options.timeout_ns &&
	       is_recorded_over(answers, request);
}

void replay__answers_sweep(struct replay_answers *answers, int64_t now_ns)
{
	while (answers->oldest_id < answers->next_id) {
		struct replay__outstanding *request = replay__outstanding_find(answers, answers->oldest_id);
		if (request && !request->is_settled && !is_expired(answers, request, now_ns))
			return;
		if (request)
			replay__outstanding_settle(answers, request);
		answers->oldest_id++;
	}
}

/* ---- comparing ---- */

static struct replay__waiting *keep(struct replay_answers *answers, struct wire_slice status,
				    struct wire_slice payload, int64_t latency_ns)
{
	size_t bytes = status.len + payload.len;

	if (bytes > REPLAY_ANSWERS_BYTES - answers->waiting_bytes)
		return NULL;
	struct replay__waiting *waiting = malloc(sizeof *waiting + bytes);
	if (!waiting)
		return NULL;
	*waiting = (struct replay__waiting){
	    .latency_ns = latency_ns, .status_len = status.len, .payload_len = payload.len};
	if (status.len > 0)
		memcpy(waiting->bytes, status.data, status.len);
	if (payload.len > 0)
		memcpy(waiting->bytes + status.len, payload.data, payload.len);
	answers->waiting_bytes += bytes;
	return waiting;
}

static struct replay__waiting *take_first(struct replay__side *side)
{
	struct replay__waiting *first = side->first;

	side->first = first->next;
	if (!side->first)
		side->end = &side->first;
	first->next = NULL;
	side->queued--;
	return first;
}

static void compare_pair(struct replay_answers *answers, struct replay__outstanding *request,
			 const struct replay_reply *recorded, const struct replay_reply *live)
{
	double factor = answers->options.slower;

	replay_histogram_add(&answers->report.recorded, recorded->latency_ns);
	replay__tally_pair(&answers->tally, request->subject, recorded->latency_ns, live->latency_ns);
	bool is_comparable = !request->is_masked && !request->has_masked_reply;

	if (is_comparable && !wire_slice_equal(recorded->status, live->status))
		request->has_other_status = true;
	else if (is_comparable &&
		 !replay_compare_equal(answers->options.compare, recorded->payload, live->payload))
		request->is_different = true;
	if (factor > 0 && replay__span_ns(recorded->latency_ns, live->latency_ns) > SLOWER_BY_NS &&
	    (double)live->latency_ns > factor * (double)recorded->latency_ns)
		request->is_slower = true;
}

/* Compare what has met; keep the first pair that differs. */
static void pair_up(struct replay_answers *answers, struct replay__outstanding *request)
{
	while (request->recorded.first && request->live.first) {
		bool was_flawed = request->is_different || request->has_other_status || request->is_slower;
		struct replay__waiting *recorded = take_first(&request->recorded),
				       *live = take_first(&request->live);
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

void replay__outstanding_add(struct replay_answers *answers, struct replay__outstanding *request,
			     struct replay__side *side, struct wire_slice status, struct wire_slice payload,
			     int64_t latency_ns)
{
	side->count++;
	if (!answers->options.verify)
		return;
	struct replay__waiting *waiting =
	    side->queued < REPLAY__QUEUE_MAX ? keep(answers, status, payload, latency_ns) : NULL;
	if (!waiting) {
		request->lost = true;
		return;
	}
	*side->end = waiting;
	side->end = &waiting->next;
	side->queued++;
	pair_up(answers, request);
}
