/* client_rows.h - the clients of a summary, connections of the same name in one row. */
#ifndef CLI_OUTPUT_CLIENT_ROWS_H
#define CLI_OUTPUT_CLIENT_ROWS_H

#include "store/read/summary.h"

struct cli_client_row {
	struct wire_client client; /* what all connections of the row agree in; empty elsewhere; borrowed */
	uint64_t conn;             /* of the first connection */
	uint64_t connections;
	uint64_t messages, bytes; /* published */
	uint64_t deliveries;      /* received */
};

/* By falling messages. Zeroed = empty. */
struct cli_client_rows {
	struct cli_client_row *list; /* owned */
	size_t len;
};

/* One row for each name and, of clients without a name, for each host; or, each: for each connection. Borrows the summary. 0 or
 * -ENOMEM. */
int cli_client_rows_init(struct cli_client_rows *rows, const struct store_summary *summary, bool each);
void cli_client_rows_fini(struct cli_client_rows *rows);

#endif
