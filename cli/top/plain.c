#include "cli/top/plain.h"

#include "cli/top/frame.h"

static void put_more(struct cli_row *line, uint64_t more)
{
	char count[CLI_SIZE_TEXT];
	if (more == 0)
		return;
	cli_row_format(line, CLI_DIM, "and %s more (--rows N)", cli_count_text(count, more));
	cli_row_end(line);
}

void cli_top_plain_put(struct cli_out *out, const struct cli_top_head *head,
		       const struct cli_top_table *table, size_t sorted, bool reversed,
		       const struct cli_top_plain_options *options, struct cli_clock *clock)
{
	size_t rows = table->len < options->rows ? table->len : options->rows;
	size_t columns = options->columns ? options->columns : cli_top_table_columns(table, rows);
	struct cli_row head_line = {
	    .out = out, .color = options->color, .columns = options->columns ? columns : CLI_ROW_ENDLESS};
	struct cli_row line = {.out = out, .color = options->color, .columns = columns};
	cli_top_put_title(&head_line, head, clock);
	cli_row_end(&head_line);
	cli_top_put_fields(&head_line, head);
	cli_row_end(&head_line);
	cli_top_table_put_head(table, &line, sorted, reversed);
	cli_row_end(&line);
	for (size_t i = 0; i < rows; i++) {
		cli_top_table_put_row(table, &line, &table->rows[i], clock);
		cli_row_end(&line);
	}
	if (table->len == 0)
		cli_row_text(&head_line, CLI_DIM, table->view->empty);
	if (table->len == 0)
		cli_row_end(&head_line);
	put_more(&line, table->len - rows);
}
