/* describe.h - the man pages and completions of all commands as files, for the build. */
#ifndef CLI_MANUAL_DESCRIBE_H
#define CLI_MANUAL_DESCRIBE_H

#include "cli/cli.h"

/* Go to a directory, which is made when it is missing, and write man/NAME.1, tapedeck (bash), _tapedeck (zsh) and
 * tapedeck.fish there. commands ends with NULL. An exit status; errors are reported. */
int cli_describe(const char *directory, const struct cli_command *const *commands);

#endif
