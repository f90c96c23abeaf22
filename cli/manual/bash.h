/* bash.h - the completion of bash. */
#ifndef CLI_MANUAL_BASH_H
#define CLI_MANUAL_BASH_H

#include <stdio.h>

#include "cli/cli.h"

/* Print the script. commands ends with NULL. */
void cli_bash(FILE *file, const struct cli_command *const *commands);

#endif
