/* types.h - the structs that the files of this folder share. Internal to store.
 *
 *   cluster ── queues     the events that were read and have not left, one queue for each input, in its order
 *           ── contents   messages and deliveries among them by what they say
 *                └─ lanes   the deliveries of one content to one subscription, or to one queue group
 *
 * A delivery that joins a message leaves its queue and its lane, and becomes one of the message's receivers. */
#ifndef STORE_CLUSTER_TYPES_H
#define STORE_CLUSTER_TYPES_H

#include "store/cluster/chains.h"
#include "store/cluster/clocks.h"
#include "wire/event_copy.h"

struct store__entry {
	struct wire_event_copy copy;
	struct store__entry *previous, *next; /* in the queue of its input */
	uint32_t input;
	bool is_time_unknown;           /* delivery that joined: which of several equal deliveries it was */
	uint64_t number;                /* in the order of reading, from 1 */
	int64_t time_ns;                /* steady, by the clock of its input */
	int64_t read_ms;                /* when it was read, if the logs are followed */
	size_t bytes;                   /* of memory, without what it shares with others */
	bool is_listed;                 /* by its content, or as a subscription */
	struct store__content *content; /* NULL: not to be joined */
	struct store__lane *lane;       /* of a delivery */
	/* Message: the next one of the same content. Delivery: the next of its lane, or the next receiver of its message.
	 * Subscribe and connect event: the next of the same hash. */
	struct store__entry *next_same;
	struct store__entry *receivers, *last_receiver; /* message: the deliveries that joined it, owned */
	uint32_t receivers_count;
};

/* Entries in order of time, linked by next_same. */
struct store__list {
	struct store__entry *first, *last;
};

struct store__lane {
	struct store__lane *next;      /* of the same content */
	struct store__lane *next_same; /* of the same hash */
	const struct store__content *content;
	uint64_t hash;
	uint32_t input; /* of a plain subscription: its log and connection */
	uint64_t conn;
	bool is_queue;
	int64_t
	    since_ns; /* by the clock of `input`: its SUB, or else CONNECT, if in the window; INT64_MIN: before it */
	struct store__list deliveries; /* that joined nothing so far */
	uint64_t joined;               /* deliveries that joined a message */
	int64_t doubtful_key;          /* until this key nothing can be decided; INT64_MIN: all can */
	int64_t last_key;              /* of its last delivery that was decided */
	size_t name_len;
	char name[]; /* of the queue group, or the sid; not NUL-terminated */
};

struct store__content {
	struct store__content *next; /* of the same hash */
	uint64_t hash;
	uint32_t cluster;
	struct store__list messages;
	struct store__entry *sample; /* when there are no messages: a delivery */
	struct store__lane *lanes, *last_lane;
	uint32_t messages_count, deliveries_count; /* in the window */
};

#endif
