/* monitor_tables.h - the tables of a monitoring port: their columns, and their rows from the last look
 * (cli/top/monitor.h). */
#ifndef CLI_TOP_MONITOR_TABLES_H
#define CLI_TOP_MONITOR_TABLES_H

#include "cli/top/lines.h"
#include "cli/top/monitor.h"
#include "cli/top/table.h"

enum cli_top_monitor_view {
	CLI_TOP_MONITOR_CONNECTIONS,
	CLI_TOP_MONITOR_CLIENTS,
	CLI_TOP_MONITOR_SUBSCRIPTIONS,
	CLI_TOP_MONITOR_SLOW,
	CLI_TOP_MONITOR_VIEWS
};

/* NULL-terminated, in the order of the enum. */
extern const struct cli_top_view *const cli_top_monitor_views[];

/* Add the rows of a view. */
void cli_top_monitor_rows(struct cli_top_monitor *monitor, enum cli_top_monitor_view view,
			  struct cli_top_table *table);

/* Add a line for each subscription behind a row: those of a connection, of a client, or with a subject. Lines are at most
 * `columns` wide. */
void cli_top_monitor_list(struct cli_top_monitor *monitor, enum cli_top_monitor_view view,
			  struct wire_slice first_cell, uint64_t id, size_t columns,
			  struct cli_top_lines *lines);

#endif
