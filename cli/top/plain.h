/* plain.h - the tables of `top` as lines, one table after the other, when there is no terminal to draw on. */
#ifndef CLI_TOP_PLAIN_H
#define CLI_TOP_PLAIN_H

#include "cli/top/board.h"

/* Print a table for each interval, until there are as many as the options ask for, or nothing new will come. Returns an exit
 * status, after errors were reported. */
int cli_top_plain_run(struct cli_top_board *board);

#endif
