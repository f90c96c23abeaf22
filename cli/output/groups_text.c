#include "cli/output/groups_text.h"

#include <stdio.h>

#include "cli/output/sparkline.h"

/* Of lines of bars. */
enum { WIDE_COLUMNS = 100, NARROW_HISTORY = 16, WIDE_HISTORY = 40 };

struct cli_groups_scale cli_groups_scale_of(uint64_t total, int64_t up_ns)
{
	double seconds = up_ns > 0 ? (double)up_ns / 1e9 : 0;
	double rate = seconds > 0 ? (double)total / seconds : 1;

	return (struct cli_groups_scale){
	    .total = total, .seconds = seconds, .unit = export_rate_unit_of(rate)};
}

void cli_groups_title(struct cli_row *row, const struct cli_groups_scale *scale,
		      const struct cli_groups_words *words)
{
	cli_row_format(row, CLI_DIM, "%12s %5s %6s %7s %7s  %s", words->counted, "%", scale->unit.name,
		       "bytes", "each", words->noun);
	cli_row_end(row);
}

static void put_numbers(struct cli_row *row, const struct cli_groups_scale *scale,
			const struct store_group *group)
{
	char count[EXPORT_SIZE_TEXT], rate[EXPORT_SIZE_TEXT] = "-", bytes[EXPORT_SIZE_TEXT];
	double messages = (double)group->messages;
	double share = scale->total > 0 ? 100 * messages / (double)scale->total : 0;

	if (scale->seconds > 0)
		export_short_rate_text(rate, messages / scale->seconds * scale->unit.seconds);
	cli_row_format(row, CLI_PLAIN, "%12s %5.1f %6s %7s", export_count_text(count, group->messages), share,
		       rate, export_size_text(bytes, group->bytes));
}

static void put_name(struct cli_row *row, const struct store_group *group)
{
	cli_row_text(row, CLI_PLAIN, "  ");
	cli_row_put(row, CLI_BOLD, group->name, CLI_ROW_ENDLESS);
	cli_row_end(row);
}

void cli_groups_row(struct cli_row *row, const struct cli_groups_scale *scale,
		    const struct store_group *group)
{
	char each[EXPORT_SIZE_TEXT];
	double messages = (double)group->messages;

	put_numbers(row, scale, group);
	export_size_text(each, messages > 0 ? (uint64_t)((double)group->bytes / messages + 0.5) : 0);
	cli_row_format(row, CLI_PLAIN, " %7s", each);
	put_name(row, group);
}

/* ---- with lines of bars, in the place of the bytes of each message ---- */

static size_t history_columns(const struct cli_row *row)
{
	return row->columns >= WIDE_COLUMNS ? WIDE_HISTORY : NARROW_HISTORY;
}

static void put_title_with_histories(struct cli_row *row, const struct cli_groups_scale *scale,
				     const struct cli_groups_words *words)
{
	cli_row_format(row, CLI_DIM, "%12s %5s %6s %7s  %-*s  %s", words->counted, "%", scale->unit.name,
		       "bytes", (int)history_columns(row), "over time", words->noun);
	cli_row_end(row);
}

static void put_row_with_history(struct cli_row *row, const struct cli_groups_scale *scale,
				 const struct store_group *group, const struct cli_groups_history *history)
{
	size_t columns = history_columns(row), bars = history->len < columns ? history->len : columns;

	put_numbers(row, scale, group);
	cli_row_text(row, CLI_PLAIN, "  ");
	size_t column = row->used;
	cli_sparkline(row->out, history->counts, history->len, columns);
	row->used += bars;
	cli_row_fill(row, column + columns);
	put_name(row, group);
}

/* ---- the table ---- */

static void put_left_out(struct cli_row *row, const struct store_groups *groups, size_t shown,
			 const struct cli_groups_words *words)
{
	char count[EXPORT_SIZE_TEXT];

	if (groups->len > shown) {
		cli_row_format(row, CLI_DIM, "  and %s more %s%s%s",
			       export_count_text(count, groups->len - shown), words->noun,
			       export_plural(groups->len - shown), words->more);
		cli_row_end(row);
	}
	if (groups->other_messages > 0) {
		cli_row_format(row, CLI_YELLOW, "  and %s %s of %ss that found no room",
			       export_count_text(count, groups->other_messages), words->counted, words->noun);
		cli_row_end(row);
	}
}

void cli_groups_text(struct cli_row *row, const struct cli_groups_scale *scale,
		     const struct store_groups *groups, uint64_t top, const struct cli_groups_words *words,
		     const struct cli_groups_history *histories)
{
	size_t shown = groups->len < top ? groups->len : (size_t)top;

	if (shown == 0)
		return;
	export_out_char(row->out, '\n');
	if (histories)
		put_title_with_histories(row, scale, words);
	else
		cli_groups_title(row, scale, words);
	for (size_t i = 0; i < shown; i++)
		if (histories)
			put_row_with_history(row, scale, &groups->list[i], &histories[i]);
		else
			cli_groups_row(row, scale, &groups->list[i]);
	put_left_out(row, groups, shown, words);
}
