/* show.h - the tables of `top` on the screen, until the user quits. */
#ifndef CLI_TOP_SHOW_H
#define CLI_TOP_SHOW_H

#include "cli/top/board.h"
#include "cli/top/screen.h"

/* Draw the board and obey keys. Takes the screen. Returns an exit status, after errors were reported. */
int cli_top_show_run(struct cli_top_board *board, struct cli_top_screen *screen);

#endif
