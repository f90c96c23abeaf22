#include "cli/output/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "wire/error.h"
#include "wire/redact.h"

void cli_command_title(const struct cli_command *command, char *text, size_t size)
{
	snprintf(text, size, "%s%s", command->alone ? "" : "tapedeck ", command->name);
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
	char title[64];
	char text[1000];
	va_list arguments;
	va_start(arguments, format);
	format_message(text, sizeof text, format, arguments);
	va_end(arguments);
	cli_command_title(command, title, sizeof title);
	fprintf(stderr, "%s: %s\n", title, text);
}

int cli_usage_error(const struct cli_command *command, const char *format, ...)
{
	char title[64];
	char text[1000];
	va_list arguments;
	va_start(arguments, format);
	format_message(text, sizeof text, format, arguments);
	va_end(arguments);
	cli_command_title(command, title, sizeof title);
	fprintf(stderr, "%s: %s; see \"%s --help\"\n", title, text, title);
	return CLI_USAGE;
}

int cli_write_status(const struct cli_command *command, int error)
{
	if (error == 0 || error == -EPIPE)
		return CLI_DONE;
	cli_error(command, "cannot write: %s", wire_error_text(error));
	return CLI_IO;
}
