/* view_count.h - print how many events match, and nothing else. */
#ifndef CLI_COMMANDS_VIEW_COUNT_H
#define CLI_COMMANDS_VIEW_COUNT_H

#include "cli/options/filters.h"

/* Count the events of all logs together that pass the filter; a gap counts when gaps were asked for. Logs are counted by their
 * columns, without payloads where the filter needs none. limit: at most so many; 0 = no limit. An exit status after a
 * complaint. *count is printed. */
int cli_view_count(const struct cli_command *command, const struct cli_operands *logs,
		   const struct cli_filters *filters, const struct store_filter *filter, uint64_t limit,
		   uint64_t *count);

#endif
