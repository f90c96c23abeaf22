#include "cli/top/plain.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/top/frame.h"
#include "export/text/clock.h"

static void put_more(struct cli_row *line, uint64_t more)
{
	char count[EXPORT_SIZE_TEXT];
	if (more == 0)
		return;
	cli_row_format(line, CLI_DIM, "and %s more (--rows N)", export_count_text(count, more));
	cli_row_end(line);
}

static void put_head(const struct cli_top_board *board, struct cli_row *line, struct export_clock *clock)
{
	cli_top_put_title(line, &board->head, clock);
	cli_row_end(line);
	cli_top_put_fields(line, &board->head);
	cli_row_end(line);
}

static void put_rows(const struct cli_top_board *board, size_t rows, struct cli_row *line,
		     struct export_clock *clock)
{
	const struct cli_top_view_state *of = &board->state.of_view[board->state.view];
	cli_top_table_put_head(&board->table, line, of->sort, of->reversed);
	cli_row_end(line);
	for (size_t i = 0; i < rows; i++) {
		cli_top_table_put_row(&board->table, line, &board->table.rows[i], clock);
		cli_row_end(line);
	}
	put_more(line, board->table.len - rows);
}

/* Without a terminal nothing is clipped. */
static void put_table(const struct cli_top_board *board, struct export_out *out, struct export_clock *clock)
{
	const struct cli_top_table *table = &board->table;
	size_t rows = table->len < board->options->rows ? table->len : board->options->rows;
	size_t terminal = cli_terminal_columns(STDOUT_FILENO);
	struct cli_row line = {
	    .out = out, .color = board->options->color, .columns = terminal ? terminal : CLI_ROW_ENDLESS};
	put_head(board, &line, clock);
	if (!terminal)
		line.columns = cli_top_table_columns(table, rows);
	put_rows(board, rows, &line, clock);
	if (table->len > 0)
		return;
	cli_row_text(&line, CLI_DIM, table->view->empty);
	cli_row_end(&line);
}

/* Take in everything new. 0, or a negative code with board->fault; -EINTR when a signal came first. */
static int catch_up(struct cli_top_board *board)
{
	int status;
	do {
		status = board->source->poll(board->source, &board->fault);
		if (status > 0 && cli_interrupt_seen(board->options->interrupt_fd))
			return -EINTR;
	} while (status > 0);
	return status;
}

static bool is_last(const struct cli_top_board *board, uint64_t count)
{
	return board->options->iterations == UINT64_MAX ? board->source->has_ended(board->source)
							: count >= board->options->iterations;
}

/* Returns the code that reading failed with; 0: it did not. */
static int print_tables(struct cli_top_board *board, struct export_out *out)
{
	struct export_clock clock = {.utc = board->options->utc};
	for (uint64_t count = 1;; count++) {
		int error = catch_up(board);
		if (error != 0)
			return error == -EINTR ? 0 : error;
		cli_top_board_make(board);
		put_table(board, out, &clock);
		if (export_out_flush(out) != 0 || is_last(board, count) ||
		    cli_interrupt_wait(board->options->interrupt_fd, board->options->every_ms))
			return 0;
		export_out_char(out, '\n');
	}
}

int cli_top_plain_run(struct cli_top_board *board)
{
	const struct cli_command *command = board->options->command;
	struct export_out out;
	if (export_out_init(&out, STDOUT_FILENO) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	int error = print_tables(board, &out);
	int status = cli_write_status(command, out.error);
	export_out_fini(&out);
	return error != 0 ? cli_log_error(command, &board->fault) : status;
}
