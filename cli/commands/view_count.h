/* view_count.h - print how many events match, and nothing else. */
#ifndef CLI_COMMANDS_VIEW_COUNT_H
#define CLI_COMMANDS_VIEW_COUNT_H

#include "cli/options/filters.h"

struct cli_counting {
	const struct cli_filters *filters;
	const struct store_filter *filter;
	uint64_t limit; /* count no further; 0 = no limit */
	bool no_join;   /* the logs of a cluster are read apart */
	bool quiet;     /* no remarks */
};

/* Count the events of all logs together that pass the filter; a gap counts when gaps were asked for. Logs are counted by their
 * columns, without payloads where the filter needs none; those of a cluster are read. An exit status after a complaint. *count is
 * printed. */
int cli_view_count(const struct cli_command *command, const struct cli_operands *logs,
		   const struct cli_counting *options, uint64_t *count);

#endif
