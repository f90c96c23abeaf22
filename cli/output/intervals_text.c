#include "cli/output/intervals_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/output/headline.h"
#include "cli/output/sparkline.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"
#include "store/read/steps.h"

/* On a terminal of 80 columns there must be room for notes. */
enum { WIDE_COLUMNS = 100, NARROW_BAR = 10, WIDE_BAR = 30 };

struct report {
	struct cli_row row;
	const struct cli_intervals_view *view;
	struct export_clock clock;
	struct export_rate_unit unit;
	size_t bar_columns;  /* 0: no terminal */
	double most;         /* messages of the fullest interval */
	size_t notes_column; /* of the present row */
};

double cli_interval_rate(const struct store_interval *interval)
{
	return interval->up_ns > 0 ? (double)interval->messages * 1e9 / (double)interval->up_ns : 0;
}

/* ---- the head ---- */

static void put_head(struct report *report)
{
	const struct store_interval *total = &report->view->intervals->total;
	char text[EXPORT_SIZE_TEXT] = "";

	cli_row_text(&report->row, CLI_BOLD, report->view->log);
	cli_row_end(&report->row);
	cli_headline_down(&report->row, total->down_ns);
	if (cli_interval_rate(total) > 0)
		export_per_time_text(text, cli_interval_rate(total));
	cli_headline_count(&report->row, CLI_BOLD, "messages", total->messages, text);
}

/* ---- rows ---- */

/* "11-23 07:57:00", without seconds where these are always 0; "2026-11-23" for whole days. text: EXPORT_TIME_TEXT bytes. */
static void write_time(struct report *report, int64_t ns, char *text)
{
	const int64_t second = 1000000000, every_ns = report->view->intervals->every_ns;
	char whole[EXPORT_TIME_TEXT];
	size_t len = export_clock_text(&report->clock, ns, EXPORT_TIME_SECOND, whole),
	       year = sizeof("2026-") - 1;

	if (every_ns % (86400 * second) == 0) {
		snprintf(text, EXPORT_TIME_TEXT, "%.*s", (int)(len - sizeof(" 07:57:19") + 1), whole);
		return;
	}
	if (every_ns % (60 * second) == 0)
		whole[len - sizeof(":19") + 1] = '\0';
	snprintf(text, EXPORT_TIME_TEXT, "%s", whole + year);
	if (every_ns % second != 0)
		export_clock_text(&report->clock, ns, EXPORT_TIME_CLOCK_MS, text);
}

static void put_bar(struct report *report, const struct store_interval *interval)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double share = report->most > 0 ? (double)interval->messages / report->most : 0;
	double size = share * (double)report->bar_columns * 8;
	int eighths = (int)(size + 0.5);

	if (interval->messages > 0 && eighths == 0)
		eighths = 1;
	if (eighths > 0)
		cli_row_text(&report->row, CLI_PLAIN, "  ");
	for (int i = 0; i < eighths / 8; i++)
		cli_row_text(&report->row, CLI_CYAN, "█");
	cli_row_text(&report->row, CLI_CYAN, parts[eighths % 8]);
}

static void put_note(struct report *report, enum cli_color color, const char *text)
{
	cli_row_fill(&report->row, report->notes_column);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
	cli_row_text(&report->row, color, text);
}

static void put_notes(struct report *report, const struct store_interval *interval)
{
	char note[200], text[EXPORT_SIZE_TEXT];

	if (interval->errors > 0) {
		snprintf(note, sizeof(note), "%s error%s", export_count_text(text, interval->errors),
			 export_plural(interval->errors));
		put_note(report, CLI_YELLOW, note);
	}
	if (interval->gaps > 0) {
		int len = snprintf(note, sizeof(note), "%s gap%s", export_count_text(text, interval->gaps),
				   export_plural(interval->gaps));
		if (interval->gap_messages > 0)
			snprintf(note + len, sizeof(note) - (size_t)len, ", %s not logged",
				 export_count_text(text, interval->gap_messages));
		put_note(report, CLI_RED, note);
	}
	if (interval->down_ns > 0) {
		snprintf(note, sizeof(note), "down %s", export_span_text(text, interval->down_ns));
		put_note(report, CLI_YELLOW, note);
	}
	if (interval->step_ns != 0) {
		int64_t size_ns = interval->step_ns > -INT64_MAX ? llabs(interval->step_ns) : INT64_MAX;
		snprintf(note, sizeof(note), "clock %s %s", interval->step_ns < 0 ? "back" : "ahead",
			 export_span_text(text, size_ns));
		put_note(report, CLI_YELLOW, note);
	}
}

static void put_row(struct report *report, const struct store_interval *interval, int64_t begin_ns)
{
	char time[EXPORT_TIME_TEXT], count[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT] = "-",
							      bytes[EXPORT_SIZE_TEXT];
	double per_second = cli_interval_rate(interval);

	write_time(report, begin_ns, time);
	if (per_second > 0)
		export_short_rate_text(rate, per_second * report->unit.seconds);
	cli_row_format(&report->row, CLI_PLAIN, "%s %12s %6s %7s", time,
		       export_count_text(count, interval->messages), rate,
		       export_size_text(bytes, interval->bytes));
	report->notes_column = report->row.used;
	if (report->bar_columns > 0) {
		report->notes_column += 2 + report->bar_columns;
		put_bar(report, interval);
	}
	put_notes(report, interval);
	cli_row_end(&report->row);
}

/* All of it passed while nothing was logged. */
static bool is_down(const struct store_interval *interval)
{
	return interval->up_ns == 0 && interval->down_ns > 0 && interval->messages == 0 &&
	       interval->errors == 0 && interval->gaps == 0 && interval->step_ns == 0;
}

/* The number of intervals from this one on that are down; *sum has their down_ns. */
static size_t sum_down(const struct store_intervals *intervals, size_t from, struct store_interval *sum)
{
	size_t end = from;

	*sum = (struct store_interval){0};
	for (; end < intervals->len && is_down(&intervals->list[end]); end++)
		sum->down_ns = store_time_plus(sum->down_ns, intervals->list[end].down_ns);
	return end - from;
}

static void put_rows(struct report *report)
{
	const struct store_intervals *intervals = report->view->intervals;
	char time[EXPORT_TIME_TEXT];
	int64_t steps_ns = 0;

	write_time(report, intervals->base_ns, time);
	export_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "%-*s %12s %6s %7s", (int)strlen(time), "from", "messages",
		       report->unit.name, "bytes");
	cli_row_end(&report->row);
	for (size_t i = 0; i < intervals->len; i++) {
		struct store_interval down;
		const int64_t begin_ns = store_time_plus(store_interval_begin(intervals, i), steps_ns);
		const size_t downs = sum_down(intervals, i, &down); /* one row for the whole */
		put_row(report, downs > 0 ? &down : &intervals->list[i], begin_ns);
		i += downs > 0 ? downs - 1 : 0;
		steps_ns = store_time_plus(steps_ns, intervals->list[i].step_ns);
	}
}

/* All intervals in one line, on a terminal. */
static void put_sparkline(struct report *report)
{
	const struct store_intervals *intervals = report->view->intervals;
	double *values = calloc(intervals->len, sizeof *values);

	if (!values)
		return;
	for (size_t i = 0; i < intervals->len; i++)
		values[i] = (double)intervals->list[i].messages;
	export_out_char(report->row.out, '\n');
	cli_row_text(&report->row, CLI_DIM, "  messages ");
	size_t columns = report->row.columns > report->row.used ? report->row.columns - report->row.used : 1;
	cli_sparkline(report->row.out, values, intervals->len, columns);
	cli_row_end(&report->row);
	free(values);
}

void cli_intervals_text(struct export_out *out, const struct cli_intervals_view *view)
{
	const struct store_intervals *intervals = view->intervals;
	size_t columns = cli_terminal_columns(out->fd);
	struct report report = {
	    .row = {.out = out, .color = view->color, .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .view = view,
	    .clock = {.utc = view->utc},
	    .unit = export_rate_unit_of(cli_interval_rate(&intervals->total)),
	    .bar_columns = columns >= WIDE_COLUMNS ? WIDE_BAR
			   : columns > 0           ? NARROW_BAR
						   : 0};

	put_head(&report);
	if (intervals->len == 0)
		return;
	for (size_t i = 0; i < intervals->len; i++)
		if ((double)intervals->list[i].messages > report.most)
			report.most = (double)intervals->list[i].messages;
	put_rows(&report);
	if (columns > 0 && intervals->len > 1)
		put_sparkline(&report);
}
