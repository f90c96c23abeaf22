#include "cli/top/run.h"

#include <stdlib.h>

#include "cli/output/errors.h"
#include "cli/top/plain.h"
#include "cli/top/show.h"

static int run_board(struct cli_top_board *board)
{
	const struct cli_top_options *options = board->options;
	if (options->is_plain || !cli_top_screen_is_possible())
		return cli_top_plain_run(board);
	struct cli_top_screen *screen = cli_top_screen_open(options->color);
	if (screen)
		return cli_top_show_run(board, screen);
	cli_error(options->command, "the terminal \"%s\" is not known: plain tables follow", getenv("TERM"));
	return cli_top_plain_run(board);
}

int cli_top_run(struct cli_top_source *source, const struct cli_top_options *options)
{
	struct cli_top_board board;
	cli_top_board_init(&board, source, options);
	int status = run_board(&board);
	cli_top_board_fini(&board);
	return status;
}
