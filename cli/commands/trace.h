/* trace.h - the settings that all views of `tapedeck trace` share. */
#ifndef CLI_COMMANDS_TRACE_H
#define CLI_COMMANDS_TRACE_H

#include "cli/options/filters.h"
#include "cli/options/services.h"
#include "cli/output/screen.h"

struct cli_trace_settings {
	struct cli_filters filters;
	struct cli_services services;
	uint64_t limit;        /* -n: print so many rows or conversations; 0 = no limit given */
	uint64_t memory_bytes; /* --memory: for what a view keeps while it reads */
	bool memory_is_fixed;  /* there is no --memory */
	bool follow, json, no_pager, quiet, no_join;
	int color; /* enum cli_color_choice */
};

/* One run of the command, for a view. All borrowed. */
struct cli_trace_run {
	const struct cli_command *command;
	const struct cli_trace_settings *settings;
	struct cli_screen *screen;
	struct cli_operands logs, subjects;
};

#endif
