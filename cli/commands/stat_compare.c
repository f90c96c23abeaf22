#include "cli/commands/stat_compare.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands/stat_groups.h"
#include "cli/commands/stat_input.h"
#include "cli/options/logs.h"
#include "cli/options/values.h"
#include "cli/output/color.h"
#include "cli/output/compare_json.h"
#include "cli/output/errors.h"
#include "export/text/clock.h"
#include "store/read/log_steps.h"

/* Percent that a rate must change by, and how many standard deviations of a random count, to be more than noise. */
enum { MIN_CHANGE = 10, DEVIATIONS = 3 };

/* Of the earlier time, at least one part in so many must have been logged. */
enum { LEAST_SHARE = 1000 };

enum { BEFORE, AFTER };

struct side {
	const char *path;
	const struct store_filter *filter;
	struct store_period window; /* time of day, of the filter */
	struct cli_stat_groups found;
	int64_t up_ns; /* within the window */
};

struct comparison {
	struct cli_stat_session *session;
	struct side sides[2];
	struct store_filter *earlier; /* owned; of the side before, when it is a time of the same log */
	struct cli_compare_row *rows; /* owned; class by class */
	size_t len;
	struct cli_compare_view view;
};

/* ---- the two sides ---- */

static int read_uptime(const char *path, struct store_uptime *uptime, struct wire_fault *fault)
{
	struct store_steps steps = {0};
	int error = store_log_steps_read(&steps, uptime, path, fault);

	store_steps_fini(&steps);
	return error;
}

/* Read one side. The time that its rates are over is that in which the log was written, within the window. */
static int read_side(struct comparison *comparison, struct side *side, struct wire_fault *fault)
{
	struct store_uptime uptime = {0};
	struct cli_stat_input input;
	char *log = (char *)(uintptr_t)side->path;

	cli_stat_input_single(&input, &log);
	int error = cli_stat_groups_read(&side->found, comparison->session, &input, side->filter, fault);

	side->up_ns = side->found.span_ns;
	if (!error && !cli_log_is_foreign(side->path)) {
		error = read_uptime(side->path, &uptime, fault);
		side->up_ns = store_uptime_up(&uptime, side->window);
		if (side->window.from_ns < uptime.life.from_ns)
			side->window.from_ns = uptime.life.from_ns;
		if (side->window.to_ns > uptime.life.to_ns)
			side->window.to_ns = uptime.life.to_ns;
	} else {
		side->window = (struct store_period){side->found.first_ns, side->found.last_ns};
	}
	store_uptime_fini(&uptime);
	return error;
}

/* ---- rows ---- */

static int compare_names(struct wire_slice a, struct wire_slice b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int order = least > 0 ? memcmp(a.data, b.data, least) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
	const struct store_group *x = a, *y = b;

	return compare_names(x->name, y->name);
}

static void sort_by_name(struct store_groups *groups)
{
	if (groups->len > 0)
		qsort(groups->list, groups->len, sizeof *groups->list, by_name);
}

static void set_side(struct cli_compare_row *row, int side, const struct store_group *group)
{
	row->name = group->name;
	row->messages[side] = group->messages;
	row->bytes[side] = group->bytes;
}

/* A row for each name of either side. 0 or -ENOMEM. */
static int join(struct comparison *comparison)
{
	struct store_groups *before = &comparison->sides[BEFORE].found.groups;
	struct store_groups *after = &comparison->sides[AFTER].found.groups;
	size_t i = 0, j = 0;

	comparison->rows = calloc(before->len + after->len + 1, sizeof *comparison->rows);
	if (!comparison->rows)
		return -ENOMEM;
	sort_by_name(before);
	sort_by_name(after);
	while (i < before->len || j < after->len) {
		struct cli_compare_row *row = &comparison->rows[comparison->len++];
		int order = i == before->len  ? 1
			    : j == after->len ? -1
					      : compare_names(before->list[i].name, after->list[j].name);
		if (order <= 0)
			set_side(row, BEFORE, &before->list[i++]);
		if (order >= 0)
			set_side(row, AFTER, &after->list[j++]);
	}
	return 0;
}

/* ---- which changes count ---- */

static double absolute(double number)
{
	return number < 0 ? -number : number;
}

/* The variance of a rate of so much in so many messages: their number is random. */
static double variance_of(double amount, uint64_t messages, double seconds)
{
	return amount * amount / (double)messages / (seconds * seconds);
}

/* The rate of an amount, of messages or of bytes, changed by enough percent, and by more than chance makes it. */
static bool has_changed(const struct cli_compare_row *row, const uint64_t *amounts, double change,
			int min_change, const double *seconds)
{
	double before = (double)amounts[BEFORE], rate = before / seconds[BEFORE];
	double variance = variance_of(before, row->messages[BEFORE], seconds[BEFORE]) +
			  variance_of((double)amounts[AFTER], row->messages[AFTER], seconds[AFTER]);

	if (min_change == 0)
		return change != 0;
	return 100 * absolute(change) >= (min_change < 0 ? MIN_CHANGE : min_change) * rate &&
	       change * change >= DEVIATIONS * DEVIATIONS * variance;
}

/* New and vanished rows always count; others when their messages or their bytes changed. */
static bool is_change(const struct comparison *comparison, struct cli_compare_row *row, const double *seconds)
{
	int min_change = comparison->session->settings->min_change;

	if (row->messages[BEFORE] == 0 || row->messages[AFTER] == 0)
		return true;
	if (has_changed(row, row->messages, row->change, min_change, seconds))
		return true;
	row->is_by_bytes = true;
	return has_changed(row, row->bytes, row->bytes_change, min_change, seconds);
}

static enum cli_compare_class class_of(const struct cli_compare_row *row)
{
	if (row->messages[BEFORE] == 0)
		return CLI_NEW;
	if (row->messages[AFTER] == 0)
		return CLI_GONE;
	return (row->is_by_bytes ? row->bytes_change : row->change) > 0 ? CLI_GREW : CLI_SHRANK;
}

static int by_class_and_change(const void *a, const void *b)
{
	const struct cli_compare_row *x = a, *y = b;
	int order = (int)class_of(x) - (int)class_of(y);
	double left = absolute(x->is_by_bytes ? x->bytes_change : x->change);
	double right = absolute(y->is_by_bytes ? y->bytes_change : y->change);

	if (order == 0)
		order = (int)x->is_by_bytes - (int)y->is_by_bytes;
	if (order != 0 || left != right)
		return order != 0 ? order : left < right ? 1 : -1;
	return compare_names(x->name, y->name);
}

static double change_of(const uint64_t *amounts, const double *seconds)
{
	return (double)amounts[AFTER] / seconds[AFTER] - (double)amounts[BEFORE] / seconds[BEFORE];
}

/* Keep the rows that changed, class by class. */
static void classify(struct comparison *comparison, const double *seconds)
{
	struct cli_compare_view *view = &comparison->view;
	size_t len = 0;

	for (size_t i = 0; i < comparison->len; i++) {
		struct cli_compare_row *row = &comparison->rows[i];
		row->change = change_of(row->messages, seconds);
		row->bytes_change = change_of(row->bytes, seconds);
		if (is_change(comparison, row, seconds))
			comparison->rows[len++] = *row;
	}
	view->unchanged = comparison->len - len;
	qsort(comparison->rows, len, sizeof *comparison->rows, by_class_and_change);
	for (size_t i = 0; i < len; i++) {
		enum cli_compare_class class = class_of(&comparison->rows[i]);
		if (view->classes[class].len++ == 0)
			view->classes[class].rows = &comparison->rows[i];
	}
}

/* ---- the report ---- */

static void fill_view(struct comparison *comparison)
{
	const struct cli_stat_settings *settings = comparison->session->settings;
	struct cli_compare_view *view = &comparison->view;

	view->has_rates = comparison->sides[BEFORE].up_ns > 0 && comparison->sides[AFTER].up_ns > 0;
	for (int i = 0; i < 2; i++) {
		const struct side *side = &comparison->sides[i];
		view->sides[i] =
		    (struct cli_compare_side){.log = side->path,
					      .from_ns = side->window.from_ns,
					      .to_ns = side->window.to_ns,
					      .messages = side->found.counted,
					      .bytes = side->found.bytes,
					      .seconds = view->has_rates ? (double)side->up_ns / 1e9 : 1};
	}
	view->top = settings->top;
	view->words = cli_stat_words(&settings->by, settings->json);
	view->utc = settings->filters.utc;
	view->color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO);
}

static int report(struct comparison *comparison)
{
	struct cli_stat_session *session = comparison->session;
	int status = CLI_DONE;

	fill_view(comparison);
	const double seconds[] = {comparison->view.sides[0].seconds, comparison->view.sides[1].seconds};
	if (join(comparison) != 0) {
		cli_error(session->command, "out of memory");
		return CLI_IO;
	}
	classify(comparison, seconds);
	if (session->settings->json)
		cli_compare_json(&session->out, &comparison->view);
	else
		cli_compare_text(&session->out, &comparison->view);
	for (int i = 0; i < 2; i++)
		if (cli_log_report_unread(session->command, comparison->sides[i].path,
					  &comparison->sides[i].found.damage) != CLI_DONE)
			status = CLI_FOUND;
	return status;
}

static int compare(struct comparison *comparison)
{
	struct wire_fault fault;
	int error = read_side(comparison, &comparison->sides[BEFORE], &fault);

	if (!error)
		error = read_side(comparison, &comparison->sides[AFTER], &fault);
	int status = error ? cli_log_error(comparison->session->command, &fault) : report(comparison);
	for (int i = 0; i < 2; i++)
		cli_stat_groups_fini(&comparison->sides[i].found);
	free(comparison->rows);
	return status;
}

/* ---- two logs, or two times of one ---- */

static struct store_period period_of(const struct store_filter *filter)
{
	struct store_period period;

	store_filter_period(filter, &period.from_ns, &period.to_ns);
	return period;
}

static int compare_logs(struct cli_stat_session *session, const char *before, const char *after)
{
	const struct store_period window = period_of(session->filter);
	struct comparison comparison = {
	    .session = session,
	    .sides = {{.path = before, .filter = session->filter, .window = window},
		      {.path = after, .filter = session->filter, .window = window}}};

	return compare(&comparison);
}

/* The later window ends with --until, or with the log; it begins with --since, or one duration earlier. */
static int choose_windows(struct comparison *comparison, const struct store_uptime *uptime, int64_t back_ns)
{
	const struct cli_stat_session *session = comparison->session;
	const struct cli_stat_settings *settings = session->settings;
	struct store_period after = period_of(session->filter);

	if (!settings->filters.until)
		after.to_ns = store_time_plus(uptime->life.to_ns, 1);
	if (!settings->filters.since)
		after.from_ns = store_time_minus(after.to_ns, back_ns);
	const struct store_period before = {store_time_minus(after.from_ns, back_ns),
					    store_time_minus(after.to_ns, back_ns)};
	if (before.to_ns > after.from_ns)
		return cli_usage_error(
		    session->command,
		    "--since and --until span more than --compare %s: the two times overlap",
		    settings->compare);
	if (store_uptime_up(uptime, before) < back_ns / LEAST_SHARE) {
		struct export_clock clock = {.utc = settings->filters.utc};
		char begin[EXPORT_TIME_TEXT];
		export_clock_text(&clock, uptime->life.from_ns, EXPORT_TIME_SECOND, begin);
		return cli_usage_error(session->command,
				       "%s: nothing was logged in the time %s earlier; the log begins at %s",
				       comparison->sides[AFTER].path, settings->compare, begin);
	}
	comparison->sides[BEFORE].window = before;
	comparison->sides[AFTER].window = after;
	return CLI_GO_ON;
}

/* Replaces the times of --since and --until in both filters. */
static int set_filters(struct comparison *comparison, const struct cli_operands *subjects,
		       struct store_filter **later)
{
	const struct cli_stat_session *session = comparison->session;
	struct side *sides = comparison->sides;
	int status =
	    cli_filters_build(session->command, &session->settings->filters, subjects, &comparison->earlier);

	if (status == CLI_GO_ON)
		status = cli_filters_build(session->command, &session->settings->filters, subjects, later);
	if (status != CLI_GO_ON)
		return status;
	store_filter_since(comparison->earlier, sides[BEFORE].window.from_ns);
	store_filter_until(comparison->earlier, sides[BEFORE].window.to_ns);
	store_filter_since(*later, sides[AFTER].window.from_ns);
	store_filter_until(*later, sides[AFTER].window.to_ns);
	sides[BEFORE].filter = comparison->earlier;
	sides[AFTER].filter = *later;
	return CLI_GO_ON;
}

static int compare_times(struct cli_stat_session *session, const char *path, int64_t back_ns,
			 const struct cli_operands *subjects)
{
	struct comparison comparison = {.session = session, .sides = {{.path = path}, {.path = path}}};
	struct store_uptime uptime = {0};
	struct store_filter *later = NULL;
	struct wire_fault fault;
	int error = read_uptime(path, &uptime, &fault);
	int status =
	    error ? cli_log_error(session->command, &fault) : choose_windows(&comparison, &uptime, back_ns);

	store_uptime_fini(&uptime);
	if (status == CLI_GO_ON)
		status = set_filters(&comparison, subjects, &later);
	if (status == CLI_GO_ON)
		status = compare(&comparison);
	store_filter_close(comparison.earlier);
	store_filter_close(later);
	return status;
}

int cli_stat_compare(struct cli_stat_session *session, const char *path, const struct cli_operands *subjects)
{
	const char *with = session->settings->compare;
	struct wire_fault fault;
	int64_t back_ns;

	if (cli_log_exists(with))
		return compare_logs(session, with, path);
	if (cli_parse_duration_ns(with, &back_ns, &fault) != 0 || back_ns == 0)
		return cli_usage_error(session->command,
				       "--compare: \"%s\" is neither a log nor a duration like 24h", with);
	if (cli_log_is_foreign(path))
		return cli_usage_error(session->command,
				       "\"%s\" is a packet capture: compare it with another one, not with an "
				       "earlier time",
				       path);
	return compare_times(session, path, back_ns, subjects);
}
