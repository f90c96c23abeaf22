/* time_option.h - options whose argument is a time, such as --since. */
#ifndef CLI_OPTIONS_TIME_OPTION_H
#define CLI_OPTIONS_TIME_OPTION_H

#include <stdint.h>

#include "cli/cli.h"
#include "wire/error.h"

struct cli_time_option {
	const char *name; /* without dashes: "since" */
	bool utc;         /* --utc */
	bool takes_later; /* of two moments: the clock was set back or ahead then */
	int64_t now_ns;
};

/* Read a time (cli_time_parse). When the local clock showed it twice or never, report on stderr which moment is taken, unless
 * command is NULL. 0 with *ns, or a negative code with *fault, whose text names the option. */
int cli_time_option_read(const struct cli_command *command, const struct cli_time_option *option,
			 const char *text, int64_t *ns, struct wire_fault *fault);

#endif
