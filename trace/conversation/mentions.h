/* mentions.h - find messages by something they mention: a reply subject, a key's value, a trace id.
 *
 * An index from a 64-bit hash to the messages that were added under it, the newest first. Hashes of different kinds of
 * mention are made different by trace__mention_hash. Internal to trace. */
#ifndef TRACE_CONVERSATION_MENTIONS_H
#define TRACE_CONVERSATION_MENTIONS_H

#include "trace/conversation/types.h"

enum trace__mention_kind {
	TRACE__REPLY_SUBJECT, /* a request's */
	TRACE__KEY_VALUE,
	TRACE__TRACE_ID,
	TRACE__SPAN_ID,
	TRACE__TRACE_DEST,  /* subject that gets the server's own trace */
	TRACE__STREAM_ID,   /* stream and sequence number in it: the publish */
	TRACE__STREAM_COPY, /* likewise: a copy that was delivered */
	TRACE__MESSAGE_ID,  /* Nats-Msg-Id of a publish */
};

struct trace__mention {
	struct trace__mention *older, *newer; /* under the same hash */
	struct trace__mention *next_of_node;
	struct trace__mentions_group *group;
	struct trace_node *node;
	enum trace__mention_kind kind;
};

/* All mentions of a hash. */
struct trace__mentions_group {
	struct trace__mentions_group *next; /* in the bucket */
	struct trace__mention *newest, *oldest;
	uint64_t hash;
};

/* Zeroed = empty. */
struct trace__mentions {
	struct trace__mentions_group **buckets; /* owned; cap of them, a power of two */
	size_t cap, groups;
	size_t bytes; /* of mentions and groups */
};

void trace__mentions_fini(struct trace__mentions *mentions);

/* The hash under which bytes are mentioned. */
uint64_t trace__mention_hash(enum trace__mention_kind kind, struct wire_slice bytes);
uint64_t trace__mention_number(enum trace__mention_kind kind, uint64_t number);

/* Add a mention of the node, as the newest of its hash. NULL when out of memory. */
struct trace__mention *trace__mentions_add(struct trace__mentions *mentions, struct trace_node *node,
					   enum trace__mention_kind kind, uint64_t hash);

/* The newest mention of a hash; NULL when there is none. Older ones follow by `older`. */
struct trace__mention *trace__mentions_newest(const struct trace__mentions *mentions, uint64_t hash);

/* The oldest mention of the hash of this one. */
struct trace__mention *trace__mentions_oldest(const struct trace__mention *mention);

/* Remove all mentions of the node. */
void trace__mentions_remove(struct trace__mentions *mentions, struct trace_node *node);

#endif
