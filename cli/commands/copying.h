/* copying.h - write events of logs into a new log: what cut, merge and import do. */
#ifndef CLI_COMMANDS_COPYING_H
#define CLI_COMMANDS_COPYING_H

#include "cli/options/filters.h"
#include "cli/options/masking.h"
#include "store/read/merge.h"

struct cli_copying {
	const struct cli_command *command;
	/* Open the inputs; NULL: as logs, those of a cluster joined. As cli_inputs_open. */
	int (*open)(struct store_merge **inputs, const struct cli_operands *operands,
		    const struct store_reader_options *options, struct wire_fault *fault);
	const char *dir; /* of the new log */
	int level;       /* of zstd */
	bool no_join, quiet;
	bool is_live;                /* an interrupt ends the input, and what was read is kept: of pipes */
	struct cli_masking *masking; /* of what is written; NULL: none */
	struct cli_operands logs, subjects;
	const struct cli_filters *filters; /* to explain why nothing matched; NULL: there are none */
	const struct store_filter *chosen; /* which events are chosen; NULL: all… */
	const struct store_filter *period; /* …of these, which are those that are read; NULL: all */
};

/* The option --level; sets an int, which is CLI_COPYING_LEVEL by default. */
extern const struct cli_option cli_copying_level_options[];
enum { CLI_COPYING_LEVEL = 9 };

/* The option --record DIR; sets a const char *. */
extern const struct cli_option cli_copying_record_options[];

/* Copy, and report. Returns an exit status. */
int cli_copying_run(const struct cli_copying *copying);

#endif
