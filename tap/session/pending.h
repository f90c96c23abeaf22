/* pending.h - events that wait in order of time, and groups of those with the same content. Internal to tap.
 *
 * A queue: events enter at one end, numbered from 1, and leave at the other. Their bytes lie in blocks that are filled
 * and freed in the same order, so that an event costs a copy and no allocation.
 *
 *   entries  ┌──┬──┬──┬──┬──┬──┐   numbers oldest … newest, a ring
 *            │ 7│ 8│ 9│10│11│12│
 *            └┬─┴┬─┴──┴──┴──┴──┘
 *   blocks   [bytes of 7, 8, …  ] [… of 12      ]     freed when the last entry with bytes in it has left
 *
 * Entries that can be joined are found by a key. The entries of one key are a group, in order of their numbers. The
 * oldest leads the group. Leaders are found in a hash table with open addressing, whose slots hold enough of the key
 * that other groups are passed without reading their entries:
 *
 *   slots    ┌─────┬─────┬─────┐
 *            │  7  │  9  │ 11  │            tag and number of three leaders
 *            └─────┴──┼──┴─────┘
 *                     └▶ 9 ─▶ 10 ─▶ 12     next_same: entries of one key
 *
 * Entries leave in order, so an entry that leaves and is in a group leads it. */
#ifndef TAP_SESSION_PENDING_H
#define TAP_SESSION_PENDING_H

#include "tap/session/interest.h"
#include "wire/event.h"

/* A receiver of a message. */
struct tap__receiver {
	struct tap__sub *sub; /* held */
	struct tap__receiver *next;
	int64_t seen_ns; /* when its delivery was seen */
	bool is_guess;   /* its delivery may belong to another message with the same content */
};

enum tap__state {
	TAP__FIXED,    /* nothing can be joined to it */
	TAP__JOINABLE, /* a message that deliveries may join, or a delivery that a message may take */
	TAP__TAKEN,    /* a delivery that became a receiver of a message; it is dropped silently */
};

/* A copy of an event of a rare kind, followed by its texts. */
struct tap__rare {
	uint64_t bytes; /* of memory */
	struct wire_event event;
	struct wire_client client;
};

struct tap__pending_event {
	uint64_t number;
	int64_t time_ns; /* of the event */
	int64_t seen_ns; /* when the packet that completed it was seen */
	uint64_t conn;
	uint8_t kind;                /* enum wire_event_kind */
	uint8_t state;               /* enum tap__state */
	bool leads;                  /* it leads its group */
	bool has_unmatched_receiver; /* has a receiver that is not in its match */
	bool is_undecided;           /* a delivery may belong to it or to another message */
	bool is_repeated;            /* there is, or was, another entry in its group */
	bool is_shared;              /* there is, or was, a message of another publisher in its group */
	uint32_t flags;              /* of the event */
	union {
		struct tap__client *client; /* message: its publisher; held */
		struct tap__sub *sub;       /* delivery: its receiver; held */
		struct tap__rare
		    *rare; /* any other event: owned; the fields below are for messages and deliveries */
	};
	const char *bytes; /* subject, reply, headers, payload, in this order */
	uint32_t subject_len, reply_len, headers_len, payload_len;
	uint64_t size; /* announced, of the payload */
	uint32_t server;
	uint32_t receiver_count, guess_count; /* all receivers; those of them that are guesses */
	struct tap__receiver first_receiver;  /* message */
	struct tap__receiver *last_receiver;  /* when there are more */
	struct tap__match
	    *match;           /* message: the subscriptions that matched its subject; held; NULL = unknown */
	uint64_t op_number;   /* message: of its publisher's operation */
	int64_t delivered_ns; /* message: when its first delivery was seen; INT64_MAX = never */
	uint64_t key;         /* of the content; 0 = not computed yet (tap__pending_key) */
	uint64_t next_same,
	    last_same; /* numbers of the next entry in its group, and of a leader the last one; 0 = none */
};

/* The place of a leader. Empty when the tag is 0. */
struct tap__leader {
	uint32_t tag;    /* half of the key, odd; it also gives the first slot to try */
	uint32_t number; /* its lower half: fewer than 2^32 entries are pending */
};

struct tap__pending_block;

struct tap__pending {
	struct tap__pending_event *entries; /* a ring, by number */
	struct tap__leader *leaders;        /* twice as many slots as entries */
	size_t cap;                         /* of entries: a power of two, or 0 */
	uint64_t oldest, next;              /* numbers; equal when nothing is pending */
	uint64_t ungrouped;                 /* entries with lower numbers are in their groups */
	uint64_t publisher;                 /* connection of the newest message */
	uint64_t only_since; /* messages with this number and higher ones are all of that publisher */
	struct tap__pending_block *first_block, *last_block;
	struct tap_budget *budget;
	uint64_t copied_bytes; /* of the budget: without the ring and the table */
};

void tap__pending_init(struct tap__pending *pending, struct tap_budget *budget);
void tap__pending_fini(struct tap__pending *pending);

static inline bool tap__pending_is_empty(const struct tap__pending *pending)
{
	return pending->oldest == pending->next;
}

/* number must be that of a pending entry. */
static inline struct tap__pending_event *tap__pending_entry(const struct tap__pending *pending,
							    uint64_t number)
{
	return &pending->entries[number & (pending->cap - 1)];
}

/* Add an entry for a message or delivery with room for so many bytes (*room; NULL when bytes is 0). It is
 * zeroed except for its number. NULL when there is no memory. Pointers into blocks stay valid; pointers to
 * entries do not. */
struct tap__pending_event *tap__pending_push(struct tap__pending *pending, size_t bytes, char **room);

/* Are more than limit_bytes in use, or will they be when the ring grows, which it may do soon? */
bool tap__pending_is_crowded(const struct tap__pending *pending, uint64_t limit_bytes);

/* The newest entry is a message, and its connection is set. */
static inline void tap__pending_note_publisher(struct tap__pending *pending,
					       const struct tap__pending_event *message)
{
	if (message->conn == pending->publisher)
		return;
	pending->publisher = message->conn;
	pending->only_since = message->number;
}

/* Add an entry with a copy of an event of another kind. NULL when there is no memory. */
struct tap__pending_event *tap__pending_push_rare(struct tap__pending *pending,
						  const struct wire_event *event);

/* Allocate memory that lives until the entry that is now the newest has left. NULL when there is none. */
void *tap__pending_alloc(struct tap__pending *pending, size_t bytes);

/* Iterate over the receivers of a message: for (r = _first(m); r; r = r->next). */
static inline const struct tap__receiver *tap__receivers_first(const struct tap__pending_event *message)
{
	return message->receiver_count > 0 ? &message->first_receiver : NULL;
}

/* Likewise, to change them. */
static inline struct tap__receiver *tap__receivers_of(struct tap__pending_event *message)
{
	return message->receiver_count > 0 ? &message->first_receiver : NULL;
}

/* The texts of a message or delivery. They borrow the entry. */
static inline struct wire_slice tap__subject_of(const struct tap__pending_event *entry)
{
	return wire_slice(entry->bytes, entry->subject_len);
}

static inline struct wire_slice tap__reply_of(const struct tap__pending_event *entry)
{
	return wire_slice(entry->bytes + entry->subject_len, entry->reply_len);
}

static inline struct wire_slice tap__headers_of(const struct tap__pending_event *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len, entry->headers_len);
}

static inline struct wire_slice tap__payload_of(const struct tap__pending_event *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len + entry->headers_len,
			  entry->payload_len);
}

/* Drop the oldest entry and free what it owns. */
void tap__pending_drop(struct tap__pending *pending);

/* Remove an entry from its group. previous is the one before it in the group; NULL when it leads. */
void tap__pending_leave_group(struct tap__pending *pending, struct tap__pending_event *entry,
			      struct tap__pending_event *previous);

/* Is there, or was there, a message of another publisher in the message's group? */
bool tap__pending_is_shared(struct tap__pending *pending, const struct tap__pending_event *message);

/* The key of messages and deliveries with the same content at one server. Headers do not count: servers strip some. */
uint64_t tap__content_key(uint32_t server, struct wire_slice subject, struct wire_slice reply,
			  struct wire_slice payload);

/* The key of a joinable entry. */
uint64_t tap__pending_key(struct tap__pending_event *entry);

/* Find the oldest entry with this key. Returns its number; 0 when there is none. Entries enter their groups,
 * and have their keys computed, only when this is first called after they came, because most are found without it. */
uint64_t tap__pending_find(struct tap__pending *pending, uint64_t key);

#endif
