/* export.h - read logs and give their events to the writer of a format: what `tapedeck export` does. */
#ifndef CLI_COMMANDS_EXPORT_H
#define CLI_COMMANDS_EXPORT_H

#include "cli/commands/export_formats.h"
#include "cli/commands/trace_conversations.h"
#include "cli/options/filters.h"

struct cli_export {
	struct cli_export_settings settings;
	const char *file;                                     /* NULL, "-": standard output */
	struct cli_trace_conversation_settings conversations; /* export_conversations.h */
	struct cli_filters filters;
	uint64_t limit; /* end after so many chosen events; 0 = no limit */
	bool follow, no_join, quiet;
	/* Set by the command. */
	const struct cli_command *command;
	struct cli_operands logs, subjects;
	struct store_filter *chosen; /* what the user asked for */
	struct store_filter *read;   /* what is read; NULL: the chosen events */
};

/* Export. Prints errors, progress and a summary on stderr. Returns an exit status. */
int cli_export_run(const struct cli_export *export);

/* Report that Ctrl-C came before the end, and that the file (NULL: standard output) was not written. Returns CLI_FOUND. */
int cli_export_report_interrupt(const struct cli_command *command, const char *file);

/* Say on stderr what the writer left out. */
void cli_export_report_omissions(const struct cli_command *command, const struct export_writer *writer);

#endif
