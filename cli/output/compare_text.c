#include "cli/output/compare_text.h"

#include <stdio.h>

#include "cli/output/headline.h"
#include "export/text/clock.h"

struct report {
	struct cli_row row;
	const struct cli_compare_view *view;
	struct export_rate_unit unit;
};

const char *cli_compare_class_name(enum cli_compare_class class)
{
	static const char *const names[CLI_COMPARE_CLASSES] = {"grew", "new", "shrank", "gone"};

	return names[class];
}

/* ---- the head ---- */

static void put_side(struct report *report, const char *name, const struct cli_compare_side *side)
{
	struct export_clock clock = {.utc = report->view->utc};
	char from[EXPORT_TIME_TEXT], to[EXPORT_TIME_TEXT], count[EXPORT_SIZE_TEXT], span[EXPORT_SIZE_TEXT],
	    rate[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];
	struct cli_row *row = &report->row;

	cli_row_fill(row, 2);
	cli_row_text(row, CLI_DIM, name);
	cli_row_fill(row, 10);
	if (side->from_ns < side->to_ns) {
		export_clock_text(&clock, side->from_ns, EXPORT_TIME_SECOND, from);
		export_clock_text(&clock, side->to_ns, EXPORT_TIME_SECOND, to);
		cli_row_format(row, CLI_PLAIN, "%s to %s  ", from, to);
	}
	cli_row_text(row, CLI_BOLD, side->log);
	cli_row_end(row);
	cli_row_fill(row, 10);
	cli_row_format(row, CLI_PLAIN, "%s %s, %s", export_count_text(count, side->messages),
		       report->view->words.counted, export_size_text(bytes, side->bytes));
	if (report->view->has_rates)
		cli_row_format(row, CLI_PLAIN, " in %s",
			       export_span_text(span, (int64_t)(side->seconds * 1e9)));
	if (report->view->has_rates && side->messages > 0)
		cli_row_format(row, CLI_PLAIN, ", %s",
			       export_per_time_text(rate, (double)side->messages / side->seconds));
	cli_row_end(row);
}

/* ---- rows ---- */

/* "+12 %", "-35 %", "0 %" */
static void write_percent(char *text, double percent)
{
	if (percent > -0.5 && percent < 0.5)
		snprintf(text, EXPORT_SIZE_TEXT, "0 %%");
	else
		snprintf(text, EXPORT_SIZE_TEXT, "%+.0f %%", percent);
}

/* Likewise, "x2.4", or "-" where there was nothing before. text: EXPORT_SIZE_TEXT bytes. */
static void write_change(const struct report *report, const uint64_t *amounts, char *text)
{
	const struct cli_compare_side *sides = report->view->sides;
	double before = (double)amounts[0] / sides[0].seconds;
	double after = (double)amounts[1] / sides[1].seconds;
	char factor[EXPORT_SIZE_TEXT];

	if (before <= 0)
		snprintf(text, EXPORT_SIZE_TEXT, "-");
	else if (after >= 2 * before)
		snprintf(text, EXPORT_SIZE_TEXT, "x%s", export_short_rate_text(factor, after / before));
	else
		write_percent(text, 100 * (after - before) / before);
}

/* The change of messages and that of bytes; of a new or vanished row, the class and its bytes. */
static void put_changes(struct report *report, enum cli_compare_class class,
			const struct cli_compare_row *row)
{
	const enum cli_color color = class <= CLI_NEW ? CLI_YELLOW : CLI_CYAN;
	char change[EXPORT_SIZE_TEXT], bytes[EXPORT_SIZE_TEXT];

	if (class == CLI_NEW || class == CLI_GONE) {
		cli_row_format(&report->row, color, " %7s", cli_compare_class_name(class));
		export_size_text(bytes, row->bytes[class == CLI_NEW]);
	} else {
		write_change(report, row->messages, change);
		cli_row_format(&report->row, row->is_by_bytes ? CLI_PLAIN : color, " %7s", change);
		write_change(report, row->bytes, bytes);
	}
	cli_row_format(&report->row, row->is_by_bytes ? color : CLI_PLAIN, " %7s  ", bytes);
}

static void put_rate(struct report *report, const struct cli_compare_row *row, int side)
{
	char rate[EXPORT_SIZE_TEXT] = "-";
	double per_second = (double)row->messages[side] / report->view->sides[side].seconds;

	if (row->messages[side] > 0)
		export_short_rate_text(rate, per_second * report->unit.seconds);
	cli_row_format(&report->row, CLI_PLAIN, " %6s", rate);
}

static void put_row(struct report *report, enum cli_compare_class class, const struct cli_compare_row *row)
{
	char before[EXPORT_SIZE_TEXT], after[EXPORT_SIZE_TEXT];

	cli_row_format(&report->row, CLI_PLAIN, "%11s %11s", export_count_text(before, row->messages[0]),
		       export_count_text(after, row->messages[1]));
	if (report->view->has_rates) {
		put_rate(report, row, 0);
		put_rate(report, row, 1);
	}
	put_changes(report, class, row);
	cli_row_put(&report->row, CLI_BOLD, row->name, CLI_ROW_ENDLESS);
	cli_row_end(&report->row);
}

static void put_title(struct report *report)
{
	char rate[20];

	snprintf(rate, sizeof(rate), " %6s %6s", report->unit.name, report->unit.name);
	export_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "%11s %11s%s %7s %7s  %s", "before", "after",
		       report->view->has_rates ? rate : "", "change", "bytes", report->view->words.noun);
	cli_row_end(&report->row);
}

static void put_class(struct report *report, enum cli_compare_class class)
{
	const struct cli_compare_view *view = report->view;
	size_t len = view->classes[class].len, shown = len < view->top ? len : (size_t)view->top;
	char count[EXPORT_SIZE_TEXT];

	for (size_t i = 0; i < shown; i++)
		put_row(report, class, &view->classes[class].rows[i]);
	if (len > shown) {
		cli_row_format(
		    &report->row, CLI_DIM, "  and %s more %s%s %s (--top N)",
		    export_count_text(count, len - shown), view->words.noun, export_plural(len - shown),
		    class == CLI_NEW || class == CLI_GONE ? (class == CLI_NEW ? "are new" : "are gone")
							  : cli_compare_class_name(class));
		cli_row_end(&report->row);
	}
}

static void put_unchanged(struct report *report, size_t changed)
{
	const struct cli_compare_view *view = report->view;
	char count[EXPORT_SIZE_TEXT];

	export_out_char(report->row.out, '\n');
	cli_row_format(&report->row, CLI_DIM, "  %s %s%s changed too little (--min-change)",
		       export_count_text(count, view->unchanged), view->words.noun,
		       export_plural(view->unchanged));
	if (changed == 0)
		cli_row_text(&report->row, CLI_DIM, "; none is new or gone");
	cli_row_end(&report->row);
}

void cli_compare_text(struct export_out *out, const struct cli_compare_view *view)
{
	size_t columns = cli_terminal_columns(out->fd), changed = 0;
	const struct cli_compare_side *after = &view->sides[1];
	struct report report = {
	    .row = {.out = out, .color = view->color, .columns = columns ? columns : CLI_ROW_ENDLESS},
	    .view = view,
	    .unit = export_rate_unit_of((double)after->messages / after->seconds)};

	put_side(&report, "before", &view->sides[0]);
	put_side(&report, "after", after);
	for (int i = 0; i < CLI_COMPARE_CLASSES; i++)
		changed += view->classes[i].len;
	if (changed > 0)
		put_title(&report);
	for (int i = 0; i < CLI_COMPARE_CLASSES; i++)
		put_class(&report, (enum cli_compare_class)i);
	if (view->unchanged > 0 || changed == 0)
		put_unchanged(&report, changed);
}
