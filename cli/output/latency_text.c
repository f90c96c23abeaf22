#include "cli/output/latency_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output/headline.h"
#include "cli/output/latency_lists.h"
#include "cli/output/sparkline.h"
#include "export/text/clock.h"
#include "export/text/sizes.h"
#include "store/read/steps.h"

struct report {
	struct cli_row row;
	const struct cli_latency_view *view;
	bool is_terminal;
};

/* ---- the head ---- */

static void put_note(struct report *report, uint64_t count, const char *text)
{
	if (count > 0)
		cli_headline_count(&report->row, CLI_YELLOW, "", count, text);
}

static void put_unanswered(struct report *report)
{
	const struct trace_latency_row *total = &report->view->result->total;

	cli_headline_count(&report->row, CLI_RED, "unanswered", total->unanswered, "");
	put_note(report, total->at_end, "the log ends soon after them");
	put_note(report, total->at_gap, "events are missing soon after them");
	put_note(report, total->superseded, "their reply subject was used again");
	put_note(report, total->evicted, "forgotten early for lack of memory (--memory)");
	put_note(report, total->undelivered, "every receiver lost them");
	cli_headline_count(&report->row, CLI_RED, "no responders", total->no_responders, "");
}

static void put_head(struct report *report)
{
	const struct trace_latency_result *result = report->view->result;
	const struct trace_latency_row *total = &result->total;
	const int64_t up_ns = store_uptime_all_up(report->view->uptime);
	char rate[EXPORT_SIZE_TEXT], note[100] = "";

	if (result->has_events)
		cli_headline_time(&report->row, result->first_ns, result->last_ns, result->span_ns,
				  report->view->utc, &report->view->steps, "latencies");
	cli_headline_down(&report->row, store_uptime_all_down(report->view->uptime));
	cli_headline_count(&report->row, CLI_PLAIN, "messages", result->messages, "");
	if (result->gaps > 0)
		cli_headline_count(&report->row, CLI_RED, "gaps", result->gaps, "replies may be missing");
	if (up_ns > 0)
		snprintf(note, sizeof(note), "%s/s",
			 export_rate_text(rate, (double)total->count * 1e9 / (double)up_ns));
	cli_headline_count(&report->row, CLI_BOLD, "requests", total->count, note);
	cli_headline_count(&report->row, CLI_PLAIN, "answered", total->answered, "");
	put_note(report, total->several_responders, "by several responders");
	put_note(report, result->latency_unknown, "after a time that is not known");
	put_unanswered(report);
}

/* ---- tables ---- */

static void put_span(struct report *report, const struct trace_histogram *histogram, double percent)
{
	char span[EXPORT_SIZE_TEXT] = "-";

	if (histogram->count > 0 || (percent == 100 && histogram->skipped > 0))
		export_short_span_text(span, percent == 100 ? histogram->max_ns
							    : trace_histogram_percentile(histogram, percent));
	cli_row_format(&report->row, CLI_PLAIN, "%6s", span);
}

static void put_trouble(struct report *report, uint64_t count, int width)
{
	char text[EXPORT_SIZE_TEXT];

	cli_row_format(&report->row, count > 0 ? CLI_RED : CLI_DIM, "%*s", width,
		       export_short_count_text(text, count));
}

static void put_counts(struct report *report, const struct trace_latency_row *row, int64_t up_ns)
{
	char count[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT] = "-";

	if (up_ns > 0)
		export_short_rate_text(rate, (double)row->count * 1e9 / (double)up_ns);
	cli_row_format(&report->row, CLI_PLAIN, "%6s %6s", export_short_count_text(count, row->count), rate);
}

static void put_columns(struct report *report, const struct trace_latency_row *row, int64_t up_ns)
{
	char several[EXPORT_SIZE_TEXT];

	put_counts(report, row, up_ns);
	put_span(report, &row->latency, 50);
	put_span(report, &row->latency, 90);
	put_span(report, &row->latency, 99);
	put_span(report, &row->latency, 99.9);
	put_span(report, &row->latency, 100);
	put_trouble(report, row->unanswered, 6);
	put_trouble(report, row->no_responders, 6);
	cli_row_format(&report->row, row->several_responders ? CLI_PLAIN : CLI_DIM, "%6s  ",
		       export_short_count_text(several, row->several_responders));
}

static const char columns_title[] = " count     /s   p50   p90   p99 p99.9   max unans   503 multi  ";

/* The subjects and services of columns that only some logs have. */
static void put_parts(struct report *report, const struct trace_latency_row *row, int64_t up_ns)
{
	(void)up_ns;
	put_span(report, &row->service, 50);
	put_span(report, &row->service, 99);
	put_span(report, &row->service, 100);
	cli_row_text(&report->row, CLI_PLAIN, "   ");
	put_span(report, &row->bus, 50);
	put_span(report, &row->bus, 99);
	put_span(report, &row->bus, 100);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
}

static const char parts_title[] = "   p50   p99   max      p50   p99   max  ";

static void put_last(struct report *report, const struct trace_latency_row *row, int64_t up_ns)
{
	char several[EXPORT_SIZE_TEXT];

	(void)up_ns;
	cli_row_format(&report->row, CLI_PLAIN, "%7s",
		       export_short_count_text(several, row->several_replies));
	put_span(report, &row->last, 50);
	put_span(report, &row->last, 90);
	put_span(report, &row->last, 99);
	put_span(report, &row->last, 99.9);
	put_span(report, &row->last, 100);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
}

static const char last_title[] = "several   p50   p90   p99 p99.9   max  ";

static void put_delivery(struct report *report, const struct trace_latency_row *row, int64_t up_ns)
{
	put_counts(report, row, up_ns);
	put_span(report, &row->latency, 50);
	put_span(report, &row->latency, 90);
	put_span(report, &row->latency, 99);
	put_span(report, &row->latency, 99.9);
	put_span(report, &row->latency, 100);
	cli_row_text(&report->row, CLI_PLAIN, "  ");
}

static const char delivery_title[] = " count     /s   p50   p90   p99 p99.9   max  ";

struct table {
	const char *about; /* a line before the title; NULL = none */
	const char *title;
	const char *name; /* of the last column */
	void (*put)(struct report *report, const struct trace_latency_row *row, int64_t up_ns);
	bool (*is_shown)(const struct trace_latency_row *row); /* NULL = every row */
};

static bool has_parts(const struct trace_latency_row *row)
{
	return row->service.count > 0 || row->bus.count > 0;
}

static bool has_several(const struct trace_latency_row *row)
{
	return row->several_replies > 0;
}

static void put_title(struct report *report, const struct table *table)
{
	export_out_char(report->row.out, '\n');
	if (table->about) {
		cli_row_text(&report->row, CLI_BOLD, table->about);
		cli_row_end(&report->row);
	}
	cli_row_text(&report->row, CLI_DIM, table->title);
	cli_row_text(&report->row, CLI_DIM, table->name);
	cli_row_end(&report->row);
}

static void put_rows(struct report *report, const struct table *table, const struct cli_latency_order *order)
{
	const int64_t up_ns = store_uptime_all_up(report->view->uptime);
	size_t shown = 0, wanted = 0;

	for (size_t i = 0; i < order->len; i++) {
		const struct cli_latency_entry *entry = &order->list[i];
		if (table->is_shown && !table->is_shown(entry->row))
			continue;
		if (wanted++ >= cli_latency_rows_shown(report->view))
			continue;
		if (shown++ == 0)
			put_title(report, table);
		table->put(report, entry->row, up_ns);
		cli_row_put(&report->row, CLI_BOLD, entry->name, CLI_ROW_ENDLESS);
		cli_row_end(&report->row);
	}
	cli_headline_more(&report->row, wanted - shown);
}

static int put_table(struct report *report, const struct table *table, const struct trace_latency_rows *rows,
		     enum cli_latency_names names)
{
	struct cli_latency_order order;
	int error = cli_latency_order_init(&order, report->view, rows, names);
	if (error)
		return error;
	put_rows(report, table, &order);
	cli_latency_order_fini(&order);
	return 0;
}

static int put_tables(struct report *report)
{
	static const struct table subjects = {.title = columns_title, .name = "subject", .put = put_columns};
	static const struct table responders = {
	    .title = columns_title, .name = "responder", .put = put_columns};
	static const struct table requesters = {
	    .title = columns_title, .name = "requester", .put = put_columns};
	static const struct table last = {.about = "To the last reply",
					  .title = last_title,
					  .name = "subject",
					  .put = put_last,
					  .is_shown = has_several};
	static const struct table parts = {.about = "The responder's own part, and the bus's",
					   .title = parts_title,
					   .name = "subject",
					   .put = put_parts,
					   .is_shown = has_parts};
	static const struct table deliveries = {.about = "From publishing to delivery, one way",
						.title = delivery_title,
						.name = "subject",
						.put = put_delivery};
	const struct trace_latency_result *result = report->view->result;
	int error = put_table(report, &subjects, &result->by_subject, CLI_NAMES_OF_SUBJECTS);
	if (!error)
		error = put_table(report, &responders, &result->by_responder, CLI_NAMES_OF_SERVICES);
	if (!error)
		error = put_table(report, &requesters, &result->by_requester, CLI_NAMES_OF_SERVICES);
	if (!error)
		error = put_table(report, &last, &result->by_subject, CLI_NAMES_OF_SUBJECTS);
	if (!error)
		error = put_table(report, &parts, &result->by_subject, CLI_NAMES_OF_SUBJECTS);
	if (!error)
		error = put_table(report, &deliveries, &result->deliveries, CLI_NAMES_OF_SUBJECTS);
	return error;
}

/* ---- intervals ---- */

static uint32_t intervals_end(const struct trace_latency_rows *intervals)
{
	uint32_t end = intervals->cap;
	while (end > 0 && !intervals->list[end - 1])
		end--;
	return end;
}

static double requests_of(const struct trace_latency_row *row)
{
	return (double)row->count;
}

static double p99_of(const struct trace_latency_row *row)
{
	return (double)trace_histogram_percentile(&row->latency, 99);
}

/* One bar an interval, on a terminal. 0 or -ENOMEM. */
static int put_sparkline(struct report *report, const char *name, uint32_t end,
			 double (*value)(const struct trace_latency_row *row))
{
	const struct trace_latency_rows *intervals = &report->view->result->intervals;
	double *values = calloc(end, sizeof *values);
	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < end; i++)
		values[i] = intervals->list[i] ? value(intervals->list[i]) : 0;
	cli_row_format(&report->row, CLI_DIM, "%10s ", name);
	size_t columns = report->row.columns > report->row.used ? report->row.columns - report->row.used : 1;
	cli_sparkline(report->row.out, values, end, columns);
	cli_row_end(&report->row);
	free(values);
	return 0;
}

/* Intervals from `from` up to `to`, steady. */
static struct store_period period_of(const struct cli_latency_view *view, uint32_t from, uint32_t to)
{
	const int64_t base_ns = view->result->base_steady_ns, every_ns = view->options->every_ns;
	return (struct store_period){store_time_plus(base_ns, from * every_ns),
				     store_time_plus(base_ns, to * every_ns)};
}

/* Without requests, and all of it passed while nothing was logged. */
static bool is_down(const struct cli_latency_view *view, uint32_t number)
{
	const struct store_period period = period_of(view, number, number + 1);
	return !view->result->intervals.list[number] && store_uptime_up(view->uptime, period) == 0 &&
	       store_uptime_down(view->uptime, period) > 0;
}

/* Print the interval, or all intervals from this one on that are down in one row. Returns the number of the next one. */
static uint32_t put_interval(struct report *report, struct export_clock *clock, uint32_t number, uint32_t end)
{
	static const struct trace_latency_row nothing;
	const struct cli_latency_view *view = report->view;
	const struct trace_latency_row *row = view->result->intervals.list[number];
	char time[EXPORT_TIME_TEXT], span[EXPORT_SIZE_TEXT];
	uint32_t next = number;

	while (next < end && is_down(view, next))
		next++;
	next = next > number ? next : number + 1;
	const struct store_period period = period_of(view, number, next);
	int64_t down_ns = store_uptime_down(view->uptime, period);
	bool is_short = view->options->every_ns % 1000000000 != 0;
	export_clock_text(clock, view->result->base_ns + (int64_t)number * view->options->every_ns,
			  is_short ? EXPORT_TIME_CLOCK_MS : EXPORT_TIME_SECOND, time);
	put_columns(report, row ? row : &nothing, store_uptime_up(view->uptime, period));
	cli_row_text(&report->row, CLI_PLAIN, is_short ? time : time + sizeof("2026-") - 1);
	if (down_ns > 0)
		cli_row_format(&report->row, CLI_YELLOW, "  down %s", export_span_text(span, down_ns));
	cli_row_end(&report->row);
	return next;
}

static int put_intervals(struct report *report)
{
	const struct trace_latency_rows *intervals = &report->view->result->intervals;
	const struct table table = {.title = columns_title, .name = "from"};
	struct export_clock clock = {.utc = report->view->utc};
	uint32_t end = intervals_end(intervals);
	int error = 0;

	if (end == 0)
		return 0;
	put_title(report, &table);
	for (uint32_t i = 0; i < end;)
		i = put_interval(report, &clock, i, end);
	if (report->is_terminal) {
		error = put_sparkline(report, "requests", end, requests_of);
		error = error ? error : put_sparkline(report, "p99", end, p99_of);
	}
	if (intervals->others.count > 0) {
		cli_headline_count(&report->row, CLI_YELLOW, "others", intervals->others.count,
				   "requests of intervals that found no memory");
	}
	return error;
}

/* ---- the rest ---- */

static void put_left_out(struct report *report)
{
	const struct cli_latency_view *view = report->view;
	const struct trace_latency_result *result = view->result;
	const struct {
		uint64_t count;
		const char *text;
	} notes[] = {
	    {result->by_subject.others.count, "requests of subjects that found no memory (--memory)"},
	    {result->by_requester.others.count, "requests of requesters that found no memory (--memory)"},
	    {result->by_responder.others.count, "replies of responders that found no memory (--memory)"},
	    {result->memory.refused, "durations found no memory: only maxima include them (--memory)"},
	    {view->clients->left_out, "connections found no memory (--memory)"},
	    {result->more_responders, "requests had more responders than are counted"},
	    {result->early_replies, "replies came before their requests: the logs' clocks disagree"},
	    {result->seen_again, "requests were in several logs and count once"},
	};
	bool is_first = true;

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (notes[i].count > 0 && is_first)
			export_out_char(report->row.out, '\n');
		is_first = is_first && notes[i].count == 0;
		put_note(report, notes[i].count, notes[i].text);
	}
}

static void put_legend(struct report *report)
{
	if (report->view->result->total.count == 0)
		return;
	export_out_char(report->row.out, '\n');
	cli_row_text(&report->row, CLI_DIM,
		     "unans: no reply; 503: no responders; multi: by several responders");
	cli_row_end(&report->row);
}

int cli_latency_text(struct export_out *out, const struct cli_latency_view *view)
{
	size_t columns = cli_terminal_columns(out->fd);
	struct report report = {
	    .row = {.out = out, .color = view->color, .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .view = view,
	    .is_terminal = columns > 0};

	int error = cli_latency_lists(&report.row, view);
	if (view->has_tables) {
		if (view->result->slow.len + view->result->unanswered.len > 0)
			export_out_char(out, '\n');
		put_head(&report);
		error = error ? error : put_tables(&report);
		error = error ? error : put_intervals(&report);
		if (!error && view->options->slow_ns == 0)
			error = cli_latency_slowest(&report.row, view);
	}
	put_left_out(&report);
	if (view->has_tables)
		put_legend(&report);
	return error;
}
