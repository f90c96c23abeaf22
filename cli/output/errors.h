/* errors.h - report errors of a command on stderr. */
#ifndef CLI_OUTPUT_ERRORS_H
#define CLI_OUTPUT_ERRORS_H

#include "cli/cli.h"

/* `tapedeck NAME`, or NAME of a command that stands alone. Cut when text is too small. */
void cli_command_title(const struct cli_command *command, char *text, size_t size);

/* Print `tapedeck NAME: text` on stderr, wrapped (cli/output/wrap.h), except under nats-server's name, where it is one line
 * as nats-server prints it. Passwords in URLs are hidden. */
void cli_error(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Likewise, with a pointer to --help. Returns CLI_USAGE, so that `return cli_usage_error(…);` works. */
int cli_usage_error(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The exit status after writing the output: CLI_DONE for 0, and for -EPIPE, since a reader may close the pipe;
 * otherwise CLI_IO, after an error message. */
int cli_write_status(const struct cli_command *command, int error);

#endif
