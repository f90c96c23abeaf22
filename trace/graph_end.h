/* graph_end.h - what can be said of a graph when its events have ended. */
#ifndef TRACE_GRAPH_END_H
#define TRACE_GRAPH_END_H

#include "trace/graph.h"

/* Sort the members of queue groups, once: internal to trace. 0 or -ENOMEM. */
int trace__graph_order_members(struct trace_graph_result *result);

/* Note the subjects with unknown receivers, once: internal to trace. */
void trace__graph_find_hidden(struct trace_graph_result *result);

/* A service's subscriptions to a subject got nothing while they were watched, and nothing can be hidden. Number of a pair of `subscribed`. */
bool trace_graph_is_unfed(const struct trace_graph_result *result, uint32_t subscribed);

#endif
