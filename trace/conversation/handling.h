/* handling.h - which messages a connection may be handling, and evidence "inferred": it published while it was. Internal to
 * trace.
 *
 * A connection handles a message from the time it got it. Its reply begins a second phase, in which other messages are to be
 * expected of it; the two are learned apart (trace/causality.h). */
#ifndef TRACE_CONVERSATION_HANDLING_H
#define TRACE_CONVERSATION_HANDLING_H

#include "trace/conversation/state.h"

/* The publisher of the reply has answered the request. */
void trace__handling_replied(struct trace_conversations *conversations, const struct trace_node *request,
			     const struct trace_node *reply);

/* Judge which message the publisher of the node was handling. Link the node with it when nothing but inference says what its
 * cause is, and the score is high enough. 0 or -ENOMEM. */
int trace__handling_link(struct trace_conversations *conversations, struct trace_node *node);

/* Remember that the receivers of the node begin to handle it. 0 or -ENOMEM. */
int trace__handling_begin(struct trace_conversations *conversations, struct trace_node *node);

#endif
