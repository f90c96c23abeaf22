/* fish.h - the completion of fish. */
#ifndef CLI_MANUAL_FISH_H
#define CLI_MANUAL_FISH_H

#include <stdio.h>

#include "cli/cli.h"

/* Print the script. commands ends with NULL. */
void cli_fish(FILE *file, const struct cli_command *const *commands);

#endif
