/* stat_source.h - the events that `tapedeck stat` counts one by one. */
#ifndef CLI_COMMANDS_STAT_SOURCE_H
#define CLI_COMMANDS_STAT_SOURCE_H

#include "cli/commands/stat_session.h"
#include "wire/source.h"

/* Open a log or a capture as a source of the events that pass, with headers when the key of --by is one. Borrows the filter. 0, or a
 * negative code with *fault. */
int cli_stat_source_open(struct cli_stat_session *session, const char *path,
			 const struct store_filter *filter, struct wire_source **source,
			 struct wire_fault *fault);

#endif
