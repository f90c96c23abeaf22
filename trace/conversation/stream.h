/* stream.h - evidence "stream": JetStream's copies and deliveries of a message that was published. Internal to trace. */
#ifndef TRACE_CONVERSATION_STREAM_H
#define TRACE_CONVERSATION_STREAM_H

#include "trace/conversation/state.h"

/* Link a copy or delivery with the publish: by stream and sequence number when the server's answer to the publish was seen,
 * else by Nats-Msg-Id. Call after trace__reply_link. 0 or -ENOMEM. */
int trace__stream_link(struct trace_conversations *conversations, struct trace_node *node);

#endif
