/* conversation.h - a conversation as it is given to whatever prints or draws it. */
#ifndef EXPORT_SEQUENCE_CONVERSATION_H
#define EXPORT_SEQUENCE_CONVERSATION_H

#include "trace/conversation/tree.h"
#include "trace/conversations.h"

enum { EXPORT_CONVERSATION_GAPS_MAX = 64, EXPORT_NODE_NUMBER_TEXT = 40 };

/* All borrowed. */
struct export_conversation {
	struct trace_tree tree; /* with at least one node */
	const struct trace_clients *clients;
	const struct trace_gap *gaps[EXPORT_CONVERSATION_GAPS_MAX]; /* by rising time */
	size_t gaps_len;
	int64_t window_ns;
	bool is_cut_short; /* memory was short */
	char *const *input_names;
	int inputs;
};

/* The sequence number of a message; of several inputs, whose numbers may be equal, "2:4711", the number of its input before it.
 * NUL-terminated. Returns its length. */
size_t export_node_number(const struct export_conversation *conversation, const struct trace_node *node,
			  char text[EXPORT_NODE_NUMBER_TEXT]);

#endif
