/* environment.h - the environment variables that commands read, for their man pages. */
#ifndef CLI_MANUAL_ENVIRONMENT_H
#define CLI_MANUAL_ENVIRONMENT_H

#include "cli/cli.h"

struct cli_variable {
	const char *name, *help;
};

/* The variable after number *at of those that the command reads; *at, from 0, is advanced. NULL at the end. */
const struct cli_variable *cli_environment_next(const struct cli_command *command, size_t *at);

#endif
