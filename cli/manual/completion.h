/* completion.h - what can complete the options and operands of a command, by the names of their arguments. The scripts
 * for each shell are made of it (bash.h, fish.h, zsh.h). Subjects and clients come from `tapedeck complete`, which asks
 * the logs on the command line. */
#ifndef CLI_MANUAL_COMPLETION_H
#define CLI_MANUAL_COMPLETION_H

#include <stdio.h>

#include "cli/options/options.h"

enum cli_completion_kind {
	CLI_COMPLETION_NONE, /* nothing is offered: a number, a time */
	CLI_COMPLETION_WORDS,
	CLI_COMPLETION_FILES,
	CLI_COMPLETION_DIRS,
	CLI_COMPLETION_SUBJECTS, /* of the logs at hand */
	CLI_COMPLETION_CLIENTS,  /* likewise, their names */
	CLI_COMPLETION_INTERFACES,
};

enum { CLI_COMPLETION_TEXT = 400 };

struct cli_completion {
	enum cli_completion_kind kind;
	char words[CLI_COMPLETION_TEXT]; /* separated by blanks */
};

/* How to complete the argument of an option that has one. */
struct cli_completion cli_completion_of(const struct cli_option *option);

/* The option is followed by an argument. */
bool cli_completion_has_argument(const struct cli_option *option);

/* How to complete the operands of a command. */
struct cli_completion_operands {
	bool logs, subjects, commands, topics;
};

struct cli_completion_operands cli_completion_operands(const struct cli_command *command);

/* The beginning of a help text, up to a semicolon or the end of a sentence, cut to CLI_COMPLETION_TEXT bytes. */
void cli_completion_summary(const char *help, char *summary);

/* Print text, with a backslash before each byte that is among `special`. */
void cli_completion_escaped(FILE *file, const char *text, const char *special);

#endif
