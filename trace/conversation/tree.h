/* tree.h - the nodes of a conversation in order of time, each below one of its causes. */
#ifndef TRACE_CONVERSATION_TREE_H
#define TRACE_CONVERSATION_TREE_H

#include "trace/conversation/types.h"

#define TRACE_NO_NODE UINT32_MAX

struct trace_branch {
	struct trace_node *node;
	const struct trace_edge *cause;     /* the edge to the parent; NULL = a top */
	uint32_t parent;                    /* indices; TRACE_NO_NODE = none */
	uint32_t first_child, next_sibling; /* by rising time */
};

/* Each node's parent is an earlier cause, by the best kind of evidence and then the best score. A node without one is a
 * top, of which there may be several. */
struct trace_tree {
	struct trace_branch *branches; /* by rising time and sequence number; owned */
	uint32_t count;
	uint32_t first_top; /* the others by next_sibling */
};

/* Borrows the nodes. 0, or -ENOMEM with nothing to free. */
int trace_tree_init(struct trace_tree *tree, const struct trace_conversation *conversation);
void trace_tree_fini(struct trace_tree *tree);

#endif
