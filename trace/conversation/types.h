/* types.h - a conversation: messages that were caused by one another, and by which evidence.
 *
 * A conversation is a set of nodes (messages) joined by edges. An edge goes from a cause to its effect:
 *
 *	checkout ──▶ stock.get ──reply──▶ _INBOX.x1 ──inferred──▶ orders.new
 *
 * Struct definitions only. All memory belongs to the struct trace_conversations that made them. */
#ifndef TRACE_CONVERSATION_TYPES_H
#define TRACE_CONVERSATION_TYPES_H

#include "trace/clients.h"
#include "trace/id_mask.h"
#include "wire/event.h"

/* In the order of preference for the parent in a tree. */
enum trace_evidence {
	TRACE_REPLY,  /* sent to the reply subject of the cause */
	TRACE_STREAM, /* JetStream: a stored copy, a delivery of it, its acknowledgement */
	TRACE_TRACE_CONTEXT, /* same trace: traceparent, b3, uber-trace-id; or the server's own trace of the message */
	TRACE_KEY,           /* same value of a key */
	TRACE_INFERRED, /* published by a connection while it was handling the cause */
	TRACE_EVIDENCE_COUNT
};

struct trace_edge {
	struct trace_edge *next; /* another edge to the same effect */
	struct trace_node *from;
	enum trace_evidence evidence;
	double score; /* 0 to 1 */
};

/* One message, with all that its event points to. */
struct trace_node {
	struct trace_conversation *conversation;
	struct trace_node *next; /* of the conversation, in no order */
	struct wire_event event; /* its slices, receivers and delays are copies, freed with the node */
	uint32_t origin;         /* the input, as wire_source_origin */
	uint32_t publisher;      /* number in struct trace_clients, or TRACE_NO_CLIENT */
	uint32_t *receivers;     /* likewise, event.receivers_len of them */
	uint64_t class
	    ; /* what it is about: a hash of the folded subject, or of that of the first request of a chain of replies */
	struct trace_edge *causes;       /* owned */
	struct trace__mention *mentions; /* where indexes refer to it; owned */
	uint32_t replies;                /* to it, without "no responders" */
	bool no_responders;              /* the server said so */
	bool is_answered_elsewhere;      /* another input holds the same request, which has a reply */
	bool is_reply;                   /* sent to the reply subject of an earlier message */
	bool is_chosen;
	bool has_content_ids; /* content_ids are known */
	uint8_t content_ids_len;
	uint64_t *content_ids; /* hashes of the values in subject and payload that look like ids; owned */
	struct trace_id_mask content_mask; /* of content_ids */
	size_t bytes;                      /* of memory, all in all */
};

/* A place where events are missing. */
struct trace_gap {
	int64_t from_ns, to_ns;    /* steady */
	uint64_t messages;         /* 0 = unknown */
	uint64_t from_seq, to_seq; /* of damage; 0 = not damage */
	char text[160];            /* NUL-terminated */
};

struct trace_conversation {
	struct trace_conversation *older, *newer; /* by the time of the last message */
	struct trace_node *nodes;
	uint32_t count;
	int64_t first_ns, last_ns; /* steady */
	bool is_chosen;            /* holds a chosen message */
	bool is_cut_short;         /* given out early because memory was short */
};

#endif
