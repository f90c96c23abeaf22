/* order.h - the parts of a graph of services, in the order in which they are printed. */
#ifndef EXPORT_GRAPH_ORDER_H
#define EXPORT_GRAPH_ORDER_H

#include "store/read/uptime.h"
#include "trace/graph.h"

/* The result of an analysis, and everything needed to print it. All of it is borrowed. */
struct export_graph_view {
	const struct trace_graph_result *result;
	const struct trace_clients *clients;
	const char *const *logs; /* paths of the inputs, by origin */
	int logs_len;
	struct wire_steps steps;
	const struct store_uptime *uptime; /* from the first to the last event that was read */
	bool utc, color;
	uint64_t limit; /* rows of a table; 0 = the default */
};

/* Numbers of a table, sorted. */
struct export_graph_order {
	uint32_t *list; /* owned */
	uint32_t len;
};

void export_graph_order_fini(struct export_graph_order *order);

/* Each: 0 or -ENOMEM. The largest comes first; of equal ones, the one that appeared first. */

/* Of `edges`, by messages. */
int export_graph_edges(struct export_graph_order *order, const struct trace_graph_result *result);
/* Of `published`, by messages. */
int export_graph_published(struct export_graph_order *order, const struct trace_graph_result *result);
/* Subjects with messages, by messages. */
int export_graph_subjects(struct export_graph_order *order, const struct trace_graph_result *result);
/* Subjects with messages that had no receiver, by the number of these. */
int export_graph_unheard(struct export_graph_order *order, const struct trace_graph_result *result);
/* Subjects with deliveries, by deliveries of one message. */
int export_graph_fan_out(struct export_graph_order *order, const struct trace_graph_result *result);
/* Of `subscribed`: those that got no message, by subscriptions. */
int export_graph_unfed(struct export_graph_order *order, const struct trace_graph_result *result);
/* Of `interests` with a queue, by how far their largest share is from an even one. */
int export_graph_groups(struct export_graph_order *order, const struct trace_graph_result *result);
/* The largest share of a member of a queue group, divided by an even share: 1 = even, the number of members = one got all. 0
 * without deliveries. */
double export_graph_imbalance(const struct trace_graph_result *result, uint32_t group);

/* Of a queue group: its subject, its name. */
struct wire_slice export_graph_interest_subject(const struct trace_graph_result *result, uint32_t interest);
struct wire_slice export_graph_interest_queue(const struct trace_graph_result *result, uint32_t interest);

#endif
