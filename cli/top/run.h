/* run.h - show a source until the user quits: on the screen, or as plain tables. */
#ifndef CLI_TOP_RUN_H
#define CLI_TOP_RUN_H

#include "cli/top/board.h"

/* Returns an exit status, after errors were reported. Borrows the source. */
int cli_top_run(struct cli_top_source *source, const struct cli_top_options *options);

#endif
