/* screen.h - what a reading command does with the terminal besides printing: it shows how far it has read, and sends long
 * output through a pager. */
#ifndef CLI_OUTPUT_SCREEN_H
#define CLI_OUTPUT_SCREEN_H

#include "cli/output/pager.h"
#include "cli/output/progress.h"
#include "export/text/out.h"

struct cli_screen {
	struct cli_progress progress; /* .base is for readers */
	struct cli_pager pager;
};

/* Begin to read the logs, which are borrowed. no_pager, quiet: by the user's wish. */
void cli_screen_init(struct cli_screen *screen, bool no_pager, bool quiet, const struct cli_operands *logs);

/* The output, which must be open, goes through the screen. */
void cli_screen_attach(struct cli_screen *screen, struct export_out *out);

/* Reading is over and the output was flushed: remove the line, wait for the pager. Before errors and remarks are printed. May
 * be called again. */
void cli_screen_end(struct cli_screen *screen);

#endif
