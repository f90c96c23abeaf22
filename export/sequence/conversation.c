#include "export/sequence/conversation.h"

#include <inttypes.h>
#include <stdio.h>

size_t export_node_number(const struct export_conversation *conversation, const struct trace_node *node,
			  char text[EXPORT_NODE_NUMBER_TEXT])
{
	int len = conversation->inputs > 1
		      ? snprintf(text, EXPORT_NODE_NUMBER_TEXT, "%" PRIu32 ":%" PRIu64, node->origin + 1,
				 node->event.seq)
		      : snprintf(text, EXPORT_NODE_NUMBER_TEXT, "%" PRIu64, node->event.seq);
	return (size_t)len;
}
