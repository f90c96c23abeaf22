/* progress.h - one line on stderr that says how far a long read has come, and how long it will take:
 *
 *   reading log 43 %, 1.2 GB of 2.8 GB, 3 s left
 *
 * Only at a terminal, after a second, and never beside output: the line is removed before anything is printed on the
 * terminal, and does not come back. */
#ifndef CLI_OUTPUT_PROGRESS_H
#define CLI_OUTPUT_PROGRESS_H

#include "cli/options/options.h"
#include "wire/progress.h"

struct cli_progress {
	struct wire_progress base; /* first; to be handed to readers */
	bool is_wanted, is_shown;
	const char *name;            /* borrowed: of what is read */
	int others;                  /* that are read with it */
	uint64_t done, total;        /* bytes */
	int64_t started_ms, next_ms; /* when it began; when the line is to be drawn next */
	int interrupt_fd; /* reading stops when a signal arrives there (cli/commands/interrupt.h); -1 = never */
};

/* quiet: by the user's wish. Sizes of the logs are looked up here. Borrows logs. */
void cli_progress_init(struct cli_progress *progress, bool quiet, const struct cli_operands *logs);

/* All logs are read from the beginning (again). */
void cli_progress_begin(struct cli_progress *progress);

/* Output is about to be printed: remove the line, for good when the output goes to a terminal. */
void cli_progress_yield(struct cli_progress *progress);

/* Reading is over: remove the line. */
void cli_progress_end(struct cli_progress *progress);

#endif
