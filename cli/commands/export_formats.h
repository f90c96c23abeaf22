/* export_formats.h - the formats of `tapedeck export`, one table, and the options that belong to some of them. */
#ifndef CLI_COMMANDS_EXPORT_FORMATS_H
#define CLI_COMMANDS_EXPORT_FORMATS_H

#include "cli/commands/export_otlp.h"
#include "cli/options/options.h"
#include "cli/options/services.h"
#include "export/format.h"
#include "store/filter/filter.h"

struct cli_export_settings {
	const struct cli_export_format *format;
	const char *columns;
	bool keeps_formulas;
	struct cli_otlp_settings otlp;
	struct cli_services services;
	bool utc; /* of the filters */
	struct cli_export_running running;
	uint64_t limit; /* --limit; 0 = none was given */
	struct cli_operands logs;
};

struct cli_export_format {
	const char *name;
	const char *endings; /* of FILE, separated by spaces: it is the default for these */
	const char *summary;
	const char
	    *kind; /* the kind of events that it is about unless the user asks for others; NULL: every kind */
	bool reads_all;           /* its writer needs all events of the period, not only the chosen ones */
	bool is_binary;           /* not to be printed on a terminal */
	bool limits_itself;       /* all chosen events are read, and its writer counts those beyond --limit */
	bool draws_conversations; /* its writer takes conversations, too */
	bool cannot_follow;       /* its writer gives nothing before the end */
	/* Open a writer, to be closed by the caller. chosen: the filter that the user asked for, borrowed until it is closed. 0, or
	 * a negative code with *fault: -EINVAL for an option. */
	int (*open)(struct export_writer **writer, const struct cli_export_settings *settings,
		    const struct store_filter *chosen, struct export_out *out, struct wire_fault *fault);
	int (*status)(
	    const struct export_writer *writer); /* exit status of a complete export; NULL: CLI_DONE */
};

/* Ends with one whose name is NULL. */
extern const struct cli_export_format cli_export_formats[];

/* --format, and the options of CSV. Set a struct cli_export_settings, zeroed before. */
extern const struct cli_option cli_export_format_options[], cli_export_csv_options[];

/* NULL when there is no format of that name. */
const struct cli_export_format *cli_export_format_named(const char *name);

/* The format that a file's name ends with; NULL when there is none. */
const struct cli_export_format *cli_export_format_of(const char *path);

#endif
