/* zsh.h - the completion of zsh. */
#ifndef CLI_MANUAL_ZSH_H
#define CLI_MANUAL_ZSH_H

#include <stdio.h>

#include "cli/cli.h"

/* Print the script. commands ends with NULL. */
void cli_zsh(FILE *file, const struct cli_command *const *commands);

#endif
