/* latency_order.h - the rows of a table of latencies, in the order in which they are printed. */
#ifndef CLI_OUTPUT_LATENCY_ORDER_H
#define CLI_OUTPUT_LATENCY_ORDER_H

#include "store/read/uptime.h"
#include "trace/latency.h"

enum { CLI_LATENCY_ROWS = 10 }; /* of a table, without a limit */

/* In the order of the words of --sort. */
enum cli_latency_sort {
	CLI_LATENCY_BY_COUNT,
	CLI_LATENCY_BY_P50,
	CLI_LATENCY_BY_P90,
	CLI_LATENCY_BY_P99,
	CLI_LATENCY_BY_MAX,
	CLI_LATENCY_BY_UNANSWERED,
	CLI_LATENCY_BY_NAME,
	CLI_LATENCY_BY_TIME, /* of single requests; tables by count */
};

/* The result of an analysis, and everything needed to print it. All of it is borrowed. */
struct cli_latency_view {
	const struct trace_latency_result *result;
	const struct trace_clients *clients;
	const struct trace_latency_options *options;
	const char *const *logs; /* paths of the inputs, by origin */
	int logs_len;
	struct wire_steps steps;
	const struct store_uptime *uptime; /* from the first to the last event that was read */
	bool utc, color;
	bool has_tables; /* not only the lists that --slow and --unanswered ask for */
	enum cli_latency_sort sort;
	uint64_t limit; /* rows of a table; 0 = the default */
};

static inline size_t cli_latency_rows_shown(const struct cli_latency_view *view)
{
	return view->limit > 0 ? (size_t)view->limit : CLI_LATENCY_ROWS;
}

struct cli_latency_entry {
	struct wire_slice name; /* of the subject or service; borrowed */
	uint32_t number;        /* of the row */
	const struct trace_latency_row *row;
	uint64_t rank; /* what it is sorted by */
};

struct cli_latency_order {
	struct cli_latency_entry *list; /* owned */
	size_t len;
};

enum cli_latency_names { CLI_NAMES_OF_SUBJECTS, CLI_NAMES_OF_SERVICES };

/* Rows with requests, sorted as the view says and then by name; the rows that exceeded the limit are one row, named
 * "(others)" or "(other subjects)". 0 or -ENOMEM; free with cli_latency_order_fini. */
int cli_latency_order_init(struct cli_latency_order *order, const struct cli_latency_view *view,
			   const struct trace_latency_rows *rows, enum cli_latency_names names);
void cli_latency_order_fini(struct cli_latency_order *order);

#endif
