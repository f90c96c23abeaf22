/* node.h - a message kept after the source has gone on. Internal to trace. */
#ifndef TRACE_CONVERSATION_NODE_H
#define TRACE_CONVERSATION_NODE_H

#include "trace/conversation/types.h"

/* Copy an event and all it points to, except hints and clients. `clients` numbers its publisher and receivers; the event
 * is the one that their source gave last. Owned; NULL when out of memory. */
struct trace_node *trace__node_open(const struct wire_event *event, struct trace_clients *clients);

/* Free a node that no index refers to and that is in no conversation. */
void trace__node_close(struct trace_node *node);

/* The client got the message, as far as it is known. */
bool trace__node_was_delivered_to(const struct trace_node *node, uint32_t client);

/* It is a request, and known that nobody was subscribed to it: the server answered its publisher at once. */
bool trace__node_is_nobodys_request(const struct trace_node *node);

/* When receiver number i got it, on the steady clock; the time of the message where that is not known. */
int64_t trace__node_delivered_ns(const struct trace_node *node, uint32_t i);

#endif
