/* link.h - add edges, by which conversations become one, and let nodes be found for later edges. Internal to trace. */
#ifndef TRACE_CONVERSATION_LINK_H
#define TRACE_CONVERSATION_LINK_H

#include "trace/conversation/state.h"

/* Evidence of this kind is wanted. */
static inline bool trace__is_wanted(const struct trace_conversations *conversations,
				    enum trace_evidence evidence)
{
	return (conversations->options.evidence & 1u << evidence) != 0;
}

/* Put a node into a conversation of its own. 0 or -ENOMEM. */
int trace__begin(struct trace_conversations *conversations, struct trace_node *node);

/* Add an edge, unless there is one of that evidence between the two, and make their conversations one. 0 or -ENOMEM. */
int trace__link(struct trace_conversations *conversations, struct trace_node *from, struct trace_node *to,
		enum trace_evidence evidence, double score);

/* The node has an edge of that evidence to it. */
bool trace__has_cause(const struct trace_node *node, enum trace_evidence evidence);

/* The request that the node answers, by evidence "reply"; NULL when it answers none. */
struct trace_node *trace__request_of(const struct trace_node *node);

/* Let the node be found by the hash. 0 or -ENOMEM. */
int trace__remember(struct trace_conversations *conversations, struct trace_node *node,
		    enum trace__mention_kind kind, uint64_t hash);

/* Take a conversation out of the list and free it with its nodes. */
void trace__end(struct trace_conversations *conversations, struct trace_conversation *conversation);

#endif
