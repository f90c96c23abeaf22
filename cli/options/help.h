/* help.h - the help text of a command, from its tables. */
#ifndef CLI_OPTIONS_HELP_H
#define CLI_OPTIONS_HELP_H

#include "cli/cli.h"

/* Print the help of a command on stdout. */
void cli_options_help(const struct cli_command *command);

#endif
