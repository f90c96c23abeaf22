/* pager.h - long output through a pager, as git does it: on a terminal, and only there.
 *
 * TAPEDECK_PAGER or else PAGER names the program, `less` without them; "" and `cat` mean none, and so does one that is not there. It is run by sh with
 * LESS=FRX unless LESS is set: it ends at once when the output fits the screen, shows colours, and leaves the text on the
 * terminal. It starts with the first output, so that a command without output needs none. The command goes on to ask
 * its own standard output for the terminal's width and colours. */
#ifndef CLI_OUTPUT_PAGER_H
#define CLI_OUTPUT_PAGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/options/options.h"

/* --no-pager and --quiet; each sets a bool. */
extern const struct cli_option cli_pager_options[], cli_quiet_options[];

struct cli_pager {
	bool is_wanted;
	pid_t pid;               /* 0 = it is not running */
	int fd;                  /* of its standard input */
	bool has_stdout;         /* standard output is a copy of fd */
	bool ignores_interrupts; /* SIGINT is ignored while it runs */
};

/* no_pager: by the user's wish. Nothing starts yet. */
void cli_pager_init(struct cli_pager *pager, bool no_pager);

/* Start the pager. Returns the descriptor to write to: the pager's standard input, or standard output when none is wanted,
 * or it cannot be started. From then on SIGINT is ignored unless it is blocked, and a pager that was left is an error of
 * write (-EPIPE). */
int cli_pager_start(struct cli_pager *pager);

/* Start the pager for what is printed on stdout with stdio from now on, until cli_pager_end. */
void cli_pager_take_stdout(struct cli_pager *pager);

/* Wait until the user has left the pager. Does nothing when it is not running. Call it before anything is printed on
 * stderr that comes after the output. */
void cli_pager_end(struct cli_pager *pager);

#endif
