/* same_value.h - evidence "key" and "trace-context": messages that carry the same value. Internal to trace.
 *
 * Which of the earlier messages with that value caused a message? The newest that its publisher got. When the publisher got
 * none of them, or is unknown, the message belongs to the same conversation, but its place in it is uncertain: it follows
 * the publisher's own last message, or else the first one of all, with a lower score. */
#ifndef TRACE_CONVERSATION_SAME_VALUE_H
#define TRACE_CONVERSATION_SAME_VALUE_H

#include "trace/conversation/state.h"

/* Link the node with the messages of the same trace or of the span that it belongs to, with the message that it is the
 * server's own trace of, and with those that have the same keys. Remember its values. 0 or -ENOMEM. */
int trace__same_value_link(struct trace_conversations *conversations, struct trace_node *node);

#endif
