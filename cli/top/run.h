/* run.h - show a source until the user quits: on the screen, or as plain tables. */
#ifndef CLI_TOP_RUN_H
#define CLI_TOP_RUN_H

#include "cli/top/source.h"

struct cli_top_options {
	const struct cli_command *command; /* for messages */
	size_t view, sort;                 /* sort: column of the view */
	bool reversed;
	const char *filter; /* rows that match; NULL = all */
	int every_ms;
	uint64_t iterations; /* tables; 0: until the user quits or nothing new will come */
	uint64_t rows;       /* of a plain table */
	bool utc, color;
	bool is_plain;    /* no screen even if there is a terminal */
	int interrupt_fd; /* of cli_interrupt_open */
};

/* Returns an exit status, after errors were reported. Borrows the source. */
int cli_top_run(struct cli_top_source *source, const struct cli_top_options *options);

#endif
