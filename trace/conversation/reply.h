/* reply.h - evidence "reply": a message to the reply subject of an earlier one. Internal to trace. */
#ifndef TRACE_CONVERSATION_REPLY_H
#define TRACE_CONVERSATION_REPLY_H

#include "trace/conversation/state.h"

/* Set the class of the node. Link it with the request that it answers, whose handling by the node's publisher ends, and with
 * the delivery that it acknowledges. Remember its own reply subject. 0 or -ENOMEM. */
int trace__reply_link(struct trace_conversations *conversations, struct trace_node *node);

#endif
