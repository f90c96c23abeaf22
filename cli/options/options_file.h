/* options_file.h - options of a command in a file, in the syntax of nats-server's configuration: `NAME: VALUE` with the long
 * names of the options. A flag is `NAME: true`; a list `[A, B]` is the option several times. */
#ifndef CLI_OPTIONS_OPTIONS_FILE_H
#define CLI_OPTIONS_OPTIONS_FILE_H

#include "wire/error.h"

/* Arguments as they would stand on the command line. Zeroed: none. */
struct cli_arguments {
	char **values; /* owned, as are the texts; ends with NULL */
	int len;
};

void cli_arguments_fini(struct cli_arguments *arguments);

/* Add a copy. 0 or -ENOMEM. */
int cli_arguments_add(struct cli_arguments *arguments, const char *text);

/* Add the options of a file, each as "--NAME=VALUE" or "--NAME". 0, or a negative code with *fault. */
int cli_arguments_add_file(struct cli_arguments *arguments, const char *path, struct wire_fault *fault);

/* Call `differs` with "NAME" for each option "--NAME…" that one of them has and the other has not, or has otherwise. */
void cli_arguments_compare(const struct cli_arguments *old, const struct cli_arguments *new,
			   void (*differs)(void *context, const char *name), void *context);

#endif
