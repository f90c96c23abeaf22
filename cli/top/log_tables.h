/* log_tables.h - the tables of a log: their columns, and their rows from what was counted (cli/top/traffic.h). */
#ifndef CLI_TOP_LOG_TABLES_H
#define CLI_TOP_LOG_TABLES_H

#include "cli/top/table.h"
#include "cli/top/traffic.h"

enum cli_top_log_view {
	CLI_TOP_SUBJECTS,
	CLI_TOP_CLIENTS,
	CLI_TOP_LATENCY,
	CLI_TOP_UNANSWERED,
	CLI_TOP_DROPPED,
	CLI_TOP_CONNECTIONS,
	CLI_TOP_LOG_VIEWS
};

/* NULL-terminated, in the order of the enum. */
extern const struct cli_top_view *const cli_top_log_views[];

/* Add the rows of a view. A request is listed when it has waited for unanswered_ns. The ids of rows: the number of a subject or
 * a service; of a connection its number with the input in the upper 8 bits. */
void cli_top_log_rows(const struct cli_top_traffic *traffic, enum cli_top_log_view view,
		      int64_t unanswered_ns, struct cli_top_table *table);

/* The id of the row of a request: the number of its event, with the input in the upper 8 bits. */
uint64_t cli_top_log_request_id(const struct cli_top_request *request);

#endif
