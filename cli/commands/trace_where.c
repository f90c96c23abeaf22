#include "cli/commands/trace_where.h"

#include "cli/commands/trace_pass.h"
#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "store/read/log_steps.h"

#define WINDOW_NS INT64_C(5000000000)

enum {
	WINDOW_EVENTS = 50000,
	/* Read at first, so that the first conversations are judged by what recurs. */
	LEARNED_EVENTS = 200000,
	EARLIER_MAX = 12, /* how often the beginning of a conversation is looked for farther back */
};

/* ---- conversations of known places ---- */

/* Learn, and find out where the conversations of points up to until_ns begin: a cause of the first message that was found
 * may lie before what was read. 0 with *since_ns, or a negative code with *fault. */
static int find_beginning(struct cli_trace_session *session, int64_t first_ns, int64_t until_ns,
			  int64_t *since_ns, struct wire_fault *fault)
{
	int64_t back_ns = session->window_ns;
	*since_ns = store_time_minus(first_ns, back_ns);
	for (int i = 0; i < EARLIER_MAX; i++) {
		struct cli_trace_pass pass = {.session = session,
					      .purpose = CLI_TRACE_TO_LEARN,
					      .by_points = true,
					      .until_ns = until_ns};
		session->earliest_ns = INT64_MAX;
		int error = cli_trace_pass_run(&pass, *since_ns, fault);
		if (error || session->earliest_ns == INT64_MAX || session->is_stopped)
			return error;
		if (store_time_minus(session->earliest_ns, session->window_ns) >= *since_ns ||
		    session->first_ns >= session->earliest_ns)
			return 0;
		back_ns = back_ns < INT64_MAX / 4 ? back_ns * 2 : back_ns;
		*since_ns = store_time_minus(session->earliest_ns, back_ns);
	}
	return 0;
}

/* Points that are close to each other are read together; all of them where a clock was set, since their times do not say how
 * close they are. */
static int give_points(struct cli_trace_session *session, struct wire_fault *fault)
{
	const struct cli_trace_points *points = &session->points;
	int error = 0;
	for (size_t from = 0, end; from < points->count && !error && !cli_trace_is_complete(session);
	     from = end) {
		int64_t since_ns;
		for (end = from + 1; end < points->count; end++)
			if (session->set_ns == 0 &&
			    store_time_minus(points->list[end].time_ns, points->list[end - 1].time_ns) / 2 >
				session->window_ns)
				break;
		int64_t until_ns = points->list[end - 1].time_ns;
		error = find_beginning(session, points->list[from].time_ns, until_ns, &since_ns, fault);
		struct cli_trace_pass pass = {.session = session,
					      .purpose = CLI_TRACE_TO_GIVE,
					      .by_points = true,
					      .until_ns = until_ns};
		if (!error)
			error = cli_trace_pass_run(&pass, since_ns, fault);
	}
	return error;
}

/* ---- conversations of whatever is chosen, in one pass ---- */

static int give_all(struct cli_trace_session *session, bool can_read_twice, struct wire_fault *fault)
{
	int64_t since_ns = INT64_MIN;
	int error = 0;
	if (session->points.count > 0)
		since_ns = store_time_minus(session->points.list[0].time_ns, session->window_ns);
	if (can_read_twice && session->evidence & 1u << TRACE_INFERRED) {
		struct cli_trace_pass learning = {.session = session,
						  .purpose = CLI_TRACE_TO_LEARN,
						  .until_ns = INT64_MAX,
						  .max_events = LEARNED_EVENTS};
		error = cli_trace_pass_run(&learning, since_ns, fault);
	}
	struct cli_trace_pass pass = {
	    .session = session, .purpose = CLI_TRACE_TO_GIVE, .until_ns = INT64_MAX};
	return error || session->is_stopped ? error : cli_trace_pass_run(&pass, since_ns, fault);
}

/* ---- where to read ---- */

static bool are_logs(const struct cli_operands *inputs)
{
	for (int i = 0; i < inputs->len; i++)
		if (cli_log_is_foreign(inputs->values[i]))
			return false;
	return true;
}

/* Where the first message that passes the filter lies. 0, or a negative code with *fault. */
static int find_first(struct cli_trace_session *session, struct wire_fault *fault)
{
	const struct cli_operands *logs = &session->trace->logs;
	const struct store_reader_options reading = {.filter = session->choice.filter,
						     .in_time_order = true,
						     .progress = &session->trace->screen->progress.base};
	struct store_merge *merge;
	struct wire_event event;
	int status = cli_inputs_open(&merge, logs, &reading, fault);
	if (status < 0)
		return status;
	do
		status = store_merge_next(merge, &event, fault);
	while (status > 0 && event.kind != WIRE_EVENT_MESSAGE && event.kind != WIRE_EVENT_DELIVERY);
	uint32_t input = wire_source_origin(store_merge_source(merge));
	store_merge_close(merge);
	if (status <= 0)
		return status;
	const struct cli_trace_seq first = {.input = input, .seq = event.seq};
	return cli_trace_points_seq(&session->points, logs, &first, fault);
}

static int find_points(struct cli_trace_session *session, struct wire_fault *fault)
{
	const struct cli_operands *logs = &session->trace->logs;
	int error = 0;
	for (size_t i = 0; i < session->choice.seqs_len && !error; i++)
		error = cli_trace_points_seq(&session->points, logs, &session->choice.seqs[i], fault);
	if (!error && session->settings->ids.len > 0)
		error = cli_trace_points_ids(&session->points, logs, &session->settings->ids,
					     &session->trace->screen->progress.base, fault);
	if (!error && session->points.count == 0 && !session->settings->seqs.len &&
	    !session->settings->ids.len)
		error = find_first(session, fault);
	if (!error && cli_trace_points_sort(&session->points) != 0)
		error = cli_trace_out_of_memory(fault);
	return error;
}

/* By how much the clocks of the logs were set. 0, or a negative code with *fault. */
static int add_steps(struct cli_trace_session *session, struct wire_fault *fault)
{
	const struct cli_operands *logs = &session->trace->logs;
	int error = 0;
	for (int i = 0; i < logs->len && !error; i++) {
		struct store_steps steps = {0};
		error = store_log_steps_read(&steps, NULL, logs->values[i], fault);
		for (size_t at = 0; at < steps.count; at++) {
			const int64_t by_ns = steps.list[at].by_ns;
			session->set_ns =
			    store_time_plus(session->set_ns, by_ns < 0 ? store_time_minus(0, by_ns) : by_ns);
		}
		store_steps_fini(&steps);
	}
	return error;
}

/* A window that is short enough for a busy log. */
static void choose_window(struct cli_trace_session *session)
{
	session->window_ns = WINDOW_NS;
	if (session->settings->window_ns > 0) {
		session->window_ns = session->settings->window_ns;
	} else if (session->points.events_per_second > WINDOW_EVENTS / (WINDOW_NS / 1e9)) {
		session->window_ns = (int64_t)(WINDOW_EVENTS / session->points.events_per_second * 1e9);
		if (session->window_ns < CLI_TRACE_WINDOW_MIN_NS)
			session->window_ns = CLI_TRACE_WINDOW_MIN_NS;
	}
}

int cli_trace_give_chosen(struct cli_trace_session *session, struct wire_fault *fault)
{
	const bool are_files = are_logs(&session->trace->logs);
	const bool follows = session->trace->settings->follow;
	const bool has_places = session->settings->seqs.len + session->settings->ids.len > 0;
	int error =
	    are_files && !(follows && session->settings->ids.len > 0) ? find_points(session, fault) : 0;
	if (!error && are_files && !follows)
		error = add_steps(session, fault);
	if (error)
		return error;
	choose_window(session);
	if (are_files && !follows && has_places && store_filter_is_empty(session->choice.filter))
		return give_points(session, fault);
	return give_all(session, are_files && !follows, fault);
}
