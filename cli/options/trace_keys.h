/* trace_keys.h - the keys of `tapedeck trace`, remembered for each log in a file of its directory: trace.keys, a key in
 * each line; lines that begin with # are ignored. */
#ifndef CLI_OPTIONS_TRACE_KEYS_H
#define CLI_OPTIONS_TRACE_KEYS_H

#include "cli/options/options.h"
#include "trace/keys.h"

/* Add the keys that are remembered for the logs among the operands, and say so on a terminal unless quiet. Lines that are not keys are reported and skipped. 0,
 * or a negative code with *fault. */
int cli_trace_keys_load(const struct cli_command *command, const struct cli_operands *logs,
			struct trace_keys *keys, bool quiet, struct wire_fault *fault);

/* Remember keys for the logs among the operands, besides those that are remembered already. A file that cannot be written
 * is reported. */
void cli_trace_keys_remember(const struct cli_command *command, const struct cli_operands *logs,
			     const struct cli_list *keys);

/* Remove the files. */
void cli_trace_keys_forget(const struct cli_command *command, const struct cli_operands *logs);

#endif
