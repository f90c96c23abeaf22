/* man.h - man pages in mdoc(7), from the tables of the commands. tapedeck-log(5) is written by hand (share/man). */
#ifndef CLI_MANUAL_MAN_H
#define CLI_MANUAL_MAN_H

#include <stdio.h>

#include "cli/cli.h"

/* Print tapedeck(1), the page of the program. commands ends with NULL. */
void cli_man_program(FILE *file, const struct cli_command *const *commands);

/* Print the page of a command, tapedeck-NAME(1), with a section for the name of its own that it may have. */
void cli_man_command(FILE *file, const struct cli_command *command);

/* The headings under which commands are listed, indexed by enum cli_task. */
extern const char *const cli_task_titles[CLI_TASKS];

#endif
