/* who_order.h - the rows of `tapedeck who`, chosen and in order: clients, or their subscriptions. */
#ifndef CLI_OUTPUT_WHO_ORDER_H
#define CLI_OUTPUT_WHO_ORDER_H

#include "store/filter/filter.h"
#include "trace/presence.h"

struct cli_who {
	const struct trace_presence_result *result;
	const struct trace_clients *clients;
	struct wire_slice asked;           /* the subject whose subscribers are wanted; empty = all clients */
	const struct store_filter *filter; /* which clients; NULL = all */
	const char *log;                   /* for people */
	int64_t at_ns;                     /* the moment */
	bool is_after_end;                 /* it is after the last event of the log */
	bool utc;
	uint32_t *rows; /* owned. Indices: of clients; with `asked`, of subscriptions, group by group */
	size_t rows_len;
	uint32_t groups; /* queue groups among them */
	uint32_t plain;  /* subscriptions without a queue group among them */
};

/* Fill in the last four members from the others. 0 or -ENOMEM. */
int cli_who_order(struct cli_who *who);
void cli_who_fini(struct cli_who *who);

/* The description of a client; of one of which nothing is known, an empty one. */
const struct wire_client *cli_who_client(const struct cli_who *who, uint32_t client);

#endif
