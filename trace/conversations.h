/* conversations.h - join the messages of a source into conversations: who caused what, and by which evidence.
 *
 * Events are added in order of time. A message joins the conversations of all its causes (trace/conversation/types.h says
 * what evidence there is). A conversation ends when no message has joined it for a time, the window. It is then given out
 * if it holds a chosen message, and forgotten otherwise.
 *
 * Bounded by memory_bytes: when the messages that are kept exceed three quarters of it, the conversations whose last message
 * is oldest end early, which is counted. The last deliveries to each client have the rest. */
#ifndef TRACE_CONVERSATIONS_H
#define TRACE_CONVERSATIONS_H

#include "trace/causality.h"
#include "trace/conversation/types.h"
#include "trace/keys.h"

/* The evidence that is used, as bits (1 << enum trace_evidence). */
enum { TRACE_ALL_EVIDENCE = (1 << TRACE_EVIDENCE_COUNT) - 1 };

struct trace_conversations;

/* A conversation has ended. It and all it points to live until the call returns. */
typedef void trace_conversation_done(void *context, struct trace_conversations *conversations,
				     struct trace_conversation *conversation);

struct trace_conversations_options {
	struct wire_source *source; /* that the events come from; borrowed */
	unsigned evidence;
	struct trace_keys *keys;           /* borrowed */
	struct trace_causality *causality; /* what was learned in earlier passes; a pass begins; borrowed */
	int64_t window_ns;
	size_t memory_bytes;
	double min_score;              /* inferred edges of a lower score are left out */
	trace_conversation_done *done; /* NULL: nothing is given out */
	void *context;
};

struct trace_conversations_stats {
	uint64_t messages;
	uint64_t forgotten; /* messages of conversations that ended early because memory was short… */
	uint64_t cut_short; /* …and were given out so; conversations */
};

/* Options are copied. NULL when out of memory. */
struct trace_conversations *trace_conversations_open(const struct trace_conversations_options *options);
/* Forget what was not given out. */
void trace_conversations_close(struct trace_conversations *conversations);

/* Add the event that the source has just given. Gaps are remembered, connects and disconnects describe clients; other
 * events that are no messages are ignored. 0 or -ENOMEM. */
int trace_conversations_add(struct trace_conversations *conversations, const struct wire_event *event,
			    bool is_chosen);

/* The source has been read up to this steady time: end conversations that are older than the window. */
void trace_conversations_read_to(struct trace_conversations *conversations, int64_t now_ns);

/* The source has ended: end all conversations. */
void trace_conversations_finish(struct trace_conversations *conversations);

/* How many conversations with a chosen message have not ended. */
uint32_t trace_conversations_chosen(const struct trace_conversations *conversations);

/* The gaps that overlap a span of steady time, by rising time, at most max. Returns how many. */
size_t trace_conversations_gaps(const struct trace_conversations *conversations, int64_t from_ns,
				int64_t to_ns, const struct trace_gap **gaps, size_t max);

/* Who the clients are that nodes name by number. */
const struct trace_clients *trace_conversations_clients(const struct trace_conversations *conversations);

void trace_conversations_stats(const struct trace_conversations *conversations,
			       struct trace_conversations_stats *stats);

/* The first name of the evidence: "reply", "trace-context", …. Static. */
const char *trace_evidence_name(enum trace_evidence evidence);

/* Nobody was subscribed to the request: its input knows that, or the server said so; and no reply to it is in any input. */
bool trace_node_has_no_responders(const struct trace_node *node);

/* The request got no answer in any input, and no server reported that there are no responders. False where the conversation was cut
 * short, since a reply may have come later. */
bool trace_node_is_unanswered(const struct trace_node *node);

#endif
