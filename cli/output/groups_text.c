#include "cli/output/groups_text.h"

#include <stdio.h>

#include "cli/output/sparkline.h"

enum { HISTORY_COLUMNS = 20 };

struct cli_groups_scale cli_groups_scale_of(uint64_t total, int64_t up_ns)
{
	double seconds = up_ns > 0 ? (double)up_ns / 1e9 : 0;
	double rate = seconds > 0 ? (double)total / seconds : 1;

	return (struct cli_groups_scale){.total = total, .seconds = seconds, .unit = cli_rate_unit_of(rate)};
}

static void put_title(struct cli_row *row, const struct cli_groups_scale *scale,
		      const struct cli_groups_words *words, int history_columns)
{
	cli_row_format(row, CLI_DIM, "%12s %5s %6s %7s %7s  %-*s%s", words->counted, "%", scale->unit.name,
		       "bytes", "each", history_columns, history_columns > 0 ? "over time" : "", words->noun);
	cli_row_end(row);
}

void cli_groups_title(struct cli_row *row, const struct cli_groups_scale *scale,
		      const struct cli_groups_words *words)
{
	put_title(row, scale, words, 0);
}

static void put_numbers(struct cli_row *row, const struct cli_groups_scale *scale,
			const struct store_group *group)
{
	char count[CLI_SIZE_TEXT], rate[CLI_SIZE_TEXT] = "-", bytes[CLI_SIZE_TEXT], each[CLI_SIZE_TEXT];
	double messages = (double)group->messages;
	double share = scale->total > 0 ? 100 * messages / (double)scale->total : 0;

	if (scale->seconds > 0)
		cli_short_rate_text(rate, messages / scale->seconds * scale->unit.seconds);
	cli_size_text(each, messages > 0 ? (uint64_t)((double)group->bytes / messages + 0.5) : 0);
	cli_row_format(row, CLI_PLAIN, "%12s %5.1f %6s %7s %7s  ", cli_count_text(count, group->messages),
		       share, rate, cli_size_text(bytes, group->bytes), each);
}

void cli_groups_row(struct cli_row *row, const struct cli_groups_scale *scale,
		    const struct store_group *group)
{
	put_numbers(row, scale, group);
	cli_row_put(row, CLI_BOLD, group->name, CLI_ROW_ENDLESS);
	cli_row_end(row);
}

static void put_history(struct cli_row *row, const struct cli_groups_history *history)
{
	size_t bars = history->len < HISTORY_COLUMNS ? history->len : HISTORY_COLUMNS;
	size_t column = row->used;

	cli_sparkline(row->out, history->counts, history->len, HISTORY_COLUMNS);
	row->used += bars;
	cli_row_fill(row, column + HISTORY_COLUMNS + 2);
}

static void put_row_with_history(struct cli_row *row, const struct cli_groups_scale *scale,
				 const struct store_group *group, const struct cli_groups_history *history)
{
	put_numbers(row, scale, group);
	put_history(row, history);
	cli_row_put(row, CLI_BOLD, group->name, CLI_ROW_ENDLESS);
	cli_row_end(row);
}

static void put_left_out(struct cli_row *row, const struct store_groups *groups, size_t shown,
			 const struct cli_groups_words *words)
{
	char count[CLI_SIZE_TEXT];

	if (groups->len > shown) {
		cli_row_format(row, CLI_DIM, "  and %s more %s%s%s",
			       cli_count_text(count, groups->len - shown), words->noun,
			       cli_plural(groups->len - shown), words->more);
		cli_row_end(row);
	}
	if (groups->other_messages > 0) {
		cli_row_format(row, CLI_YELLOW, "  and %s %s of %ss that found no room",
			       cli_count_text(count, groups->other_messages), words->counted, words->noun);
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
	cli_out_char(row->out, '\n');
	put_title(row, scale, words, histories ? HISTORY_COLUMNS + 2 : 0);
	for (size_t i = 0; i < shown; i++)
		if (histories)
			put_row_with_history(row, scale, &groups->list[i], &histories[i]);
		else
			cli_groups_row(row, scale, &groups->list[i]);
	put_left_out(row, groups, shown, words);
}
