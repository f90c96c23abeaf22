#include "cli/top/board.h"

#include <stdio.h>

void cli_top_board_init(struct cli_top_board *board, struct cli_top_source *source,
			const struct cli_top_options *options)
{
	struct cli_top_state *state = &board->state;
	*board = (struct cli_top_board){.source = source, .options = options};
	cli_top_state_init(state, source->views, source->views_len, options->every_ms);
	state->behind = source->behind;
	state->has_texts = source->open_text != NULL;
	state->view = options->view;
	state->of_view[options->view].sort = options->sort;
	state->of_view[options->view].reversed = options->reversed;
	if (options->filter)
		snprintf(state->filter, sizeof(state->filter), "%s", options->filter);
}

void cli_top_board_fini(struct cli_top_board *board)
{
	board->source->close_list(board->source);
	cli_top_table_fini(&board->table);
}

void cli_top_board_make(struct cli_top_board *board)
{
	const struct cli_top_view_state *of = &board->state.of_view[board->state.view];
	board->head = (struct cli_top_head){0};
	board->source->head(board->source, &board->head);
	cli_top_table_clear(&board->table, board->source->views[board->state.view]);
	board->source->rows(board->source, board->state.view, &board->table);
	cli_top_table_filter(&board->table, board->state.filter);
	cli_top_table_sort(&board->table, of->sort, of->reversed);
	cli_top_state_reselect(&board->state, &board->table);
}
