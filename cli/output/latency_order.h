/* latency_order.h - the rows of a table of latencies, in the order in which they are printed. */
#ifndef CLI_OUTPUT_LATENCY_ORDER_H
#define CLI_OUTPUT_LATENCY_ORDER_H

#include "trace/latency.h"

/* The result of an analysis, and everything needed to print it. All of it is borrowed. */
struct cli_latency_view {
	const struct trace_latency_result *result;
	const struct trace_clients *clients;
	const struct trace_latency_options *options;
	const char *const *logs; /* paths of the inputs, by origin */
	int logs_len;
	struct wire_steps steps;
	bool utc, color;
	uint64_t limit; /* rows of a table; 0 = the default */
};

struct cli_latency_entry {
	struct wire_slice name; /* of the subject or service; borrowed */
	uint32_t number;        /* of the row */
	const struct trace_latency_row *row;
};

struct cli_latency_order {
	struct cli_latency_entry *list; /* owned */
	size_t len;
};

enum cli_latency_names { CLI_NAMES_OF_SUBJECTS, CLI_NAMES_OF_SERVICES };

/* Rows with requests, by falling count and then by name; the rows that exceeded the limit are one row, named
 * "(others)" or "(other subjects)". 0 or -ENOMEM; free with cli_latency_order_fini. */
int cli_latency_order_init(struct cli_latency_order *order, const struct cli_latency_view *view,
			   const struct trace_latency_rows *rows, enum cli_latency_names names);
void cli_latency_order_fini(struct cli_latency_order *order);

#endif
