/* help.h - the help text of a command, from its tables. */
#ifndef CLI_MANUAL_HELP_H
#define CLI_MANUAL_HELP_H

#include <stdio.h>

#include "cli/cli.h"

/* Print the help of a command, in lines of at most so many columns. */
void cli_help_print(FILE *file, const struct cli_command *command, size_t columns);

/* Parts of it: paragraphs and items (paragraphs.h); the options. */
void cli_help_text(FILE *file, const char *text, size_t columns);
void cli_help_options(FILE *file, const struct cli_command *command, size_t columns);

/* Print it on standard output, as wide as the terminal and through a pager (cli/output/pager.h). */
void cli_help_show(const struct cli_command *command);

#endif
