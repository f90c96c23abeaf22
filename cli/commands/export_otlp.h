/* export_otlp.h - the options of `tapedeck export --format otlp`, and its writer: into a file, or to a collector. */
#ifndef CLI_COMMANDS_EXPORT_OTLP_H
#define CLI_COMMANDS_EXPORT_OTLP_H

#include "cli/options/options.h"
#include "export/format.h"

struct cli_otlp_settings {
	double sample; /* 0 to 1 */
	bool has_sample;
	bool keeps_failures;
	int64_t slow_ms;      /* 0: the default */
	const char *endpoint; /* NULL: write a file */
	struct cli_list headers;
};

/* Sets a struct cli_otlp_settings, zeroed before. */
extern const struct cli_option cli_otlp_options[];

/* The command that runs. */
struct cli_export_running {
	const struct cli_command *command;
	int interrupt_fd;
	bool follows, quiet;
};

/* As open of struct cli_export_format. */
int cli_otlp_open(struct export_writer **writer, const struct cli_otlp_settings *settings,
		  const struct cli_export_running *running, struct export_out *out, struct wire_fault *fault);

/* The exit status of an export that was complete: CLI_FOUND when the collector rejected spans, CLI_CONNECT when it
 * never got some. */
int cli_otlp_status(const struct export_writer *writer);

void cli_otlp_settings_fini(struct cli_otlp_settings *settings);

#endif
