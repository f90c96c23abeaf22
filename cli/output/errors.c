#include "cli/output/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output/wrap.h"
#include "wire/error.h"
#include "wire/redact.h"

enum { INDENT = 2 }; /* of further lines */

void cli_command_title(const struct cli_command *command, char *text, size_t size)
{
	snprintf(text, size, "%s%s", command->alone || command->is_program ? "" : "tapedeck ", command->name);
}

static void print(const struct cli_command *command, const char *text)
{
	char line[1200];
	if (command->alone) {
		fprintf(stderr, "%s: %s\n", command->name, text);
		return;
	}
	cli_command_title(command, line, sizeof line);
	size_t len = strlen(line);
	snprintf(line + len, sizeof line - len, ": %s", text);
	cli_wrap(stderr, line, strlen(line), 0, INDENT, cli_wrap_columns(STDERR_FILENO));
}

/* Show a server's URL in a message without its password. */
static void format_message(char *text, size_t size, const char *format, va_list arguments)
{
	char raw[1000];
	vsnprintf(raw, sizeof raw, format, arguments);
	wire_redact_urls(raw, text, size);
}

void cli_error(const struct cli_command *command, const char *format, ...)
{
	char text[1000];
	va_list arguments;
	va_start(arguments, format);
	format_message(text, sizeof text, format, arguments);
	va_end(arguments);
	print(command, text);
}

int cli_usage_error(const struct cli_command *command, const char *format, ...)
{
	char title[64], text[1000], whole[1100];
	va_list arguments;
	va_start(arguments, format);
	format_message(text, sizeof text, format, arguments);
	va_end(arguments);
	cli_command_title(command, title, sizeof title);
	snprintf(whole, sizeof whole, "%s; see \"%s --help\"", text, title);
	print(command, whole);
	return CLI_USAGE;
}

int cli_write_status(const struct cli_command *command, int error)
{
	if (error == 0 || error == -EPIPE)
		return CLI_DONE;
	cli_error(command, "cannot write: %s", wire_error_text(error));
	return CLI_IO;
}
