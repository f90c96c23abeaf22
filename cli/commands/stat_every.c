#include "cli/commands/stat_every.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/stat_input.h"
#include "cli/options/logs.h"
#include "cli/options/values.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/intervals_json.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"

/* Rows are labelled with milliseconds; a longer interval than a year is a mistake. */
#define LEAST_NS INT64_C(1000000)
#define MOST_NS  (366 * 86400 * INT64_C(1000000000))

int cli_stat_every_parse(void *member, const char *argument, struct wire_fault *fault)
{
	int64_t *ns = member;
	int error = cli_parse_duration_ns(argument, ns, fault);

	if (error == 0 && (*ns < LEAST_NS || *ns > MOST_NS))
		return wire_fault_set(fault, -EINVAL, "must be from 1ms to 366d");
	return error;
}

/* So that intervals of an hour or a day begin at the hours and days of local time. */
static int64_t local_zone_ns(int64_t ns)
{
	struct export_clock clock = {.utc = false};
	char text[EXPORT_TIME_TEXT];

	export_clock_text(&clock, ns, EXPORT_TIME_SECOND, text);
	return (int64_t)clock.offset_minutes * 60 * INT64_C(1000000000);
}

void cli_stat_every_init(struct store_intervals *intervals, const struct cli_stat_session *session)
{
	const struct cli_stat_settings *settings = session->settings;

	store_intervals_init(intervals, settings->every_ns, settings->filters.utc ? NULL : local_zone_ns);
}

/* ---- inputs that are read event by event ---- */

/* Count all events; widen *life to their times. */
static int add_all(struct store_intervals *intervals, struct wire_source *source, struct store_period *life,
		   struct wire_fault *fault)
{
	struct wire_event event;
	bool is_first = true;
	int status, error = 0;

	while (!error && (status = source->next(source, &event, fault)) > 0) {
		if (is_first || event.steady_ns < life->from_ns)
			life->from_ns = event.steady_ns;
		if (is_first || event.steady_ns > life->to_ns)
			life->to_ns = event.steady_ns;
		is_first = false;
		error = store_intervals_add(intervals, &event);
	}
	if (error)
		return wire_fault_set(fault, error, error == -E2BIG ? "too many intervals" : "out of memory");
	return status;
}

/* No event could be counted before and after the times of the filter. */
static void clip(struct store_period *life, const struct store_filter *filter)
{
	int64_t since_ns, until_ns;

	store_filter_period(filter, &since_ns, &until_ns);
	life->from_ns = since_ns > life->from_ns ? since_ns : life->from_ns;
	life->to_ns = until_ns < life->to_ns ? until_ns : life->to_ns;
}

static int read_events(struct store_intervals *intervals, const struct cli_stat_input *input,
		       struct cli_stat_session *session, struct wire_fault *fault)
{
	struct store_uptime uptime;
	struct store_period life = {0};
	struct wire_source *source;
	int error = cli_stat_input_uptime(input, &uptime, fault);

	if (!error)
		error = cli_stat_input_read(session, input, session->filter, &source, fault);
	if (!error) {
		error = add_all(intervals, source, &life, fault);
		source->damage(source, &intervals->damage);
		cli_stat_input_end(session, input, source);
		if (cli_stat_input_is_capture(input))
			uptime.life = life;
		else
			clip(&uptime.life, session->filter);
		store_intervals_end(intervals, &uptime);
	}
	store_uptime_fini(&uptime);
	return error;
}

/* ---- printing ---- */

static void print(struct cli_stat_session *session, const char *path, const struct store_intervals *intervals)
{
	const struct cli_stat_settings *settings = session->settings;
	const struct cli_intervals_view view = {
	    .intervals = intervals,
	    .log = path,
	    .utc = settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO)};

	if (settings->json)
		cli_intervals_json(&session->out, &view);
	else
		cli_intervals_text(&session->out, &view);
}

static int refuse(const struct cli_stat_session *session, const char *path)
{
	char count[EXPORT_SIZE_TEXT];

	return cli_usage_error(session->command,
			       "%s: --every would give more than %s rows; choose a longer interval, or less "
			       "time with --since and --until",
			       path, export_count_text(count, STORE_INTERVALS_MAX));
}

int cli_stat_every(struct cli_stat_session *session, const struct cli_stat_input *input)
{
	bool is_capture = cli_stat_input_is_capture(input);
	struct store_intervals intervals;
	struct wire_fault fault;
	int status;

	cli_stat_every_init(&intervals, session);
	int error = is_capture || cli_stat_input_is_cluster(input)
			? read_events(&intervals, input, session, &fault)
			: store_intervals_read(&intervals, input->logs.values[0], session->filter,
					       &session->screen.progress.base, &fault);
	session->matched = intervals.len;
	if (error == -E2BIG) {
		status = refuse(session, input->name);
	} else {
		if (!error || (is_capture && intervals.len > 0))
			print(session, input->name, &intervals);
		status = error ? cli_log_error(session->command, &fault)
			       : cli_log_report_unread(session->command, cli_stat_input_path(input),
						       &intervals.damage);
	}
	store_intervals_fini(&intervals);
	return status;
}
