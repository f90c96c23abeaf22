/* pending.h - events that wait in order of time, and which of them have the same content. Internal to tap.
 *
 * A queue: events enter at one end, numbered from 1, and leave at the other. Their bytes lie in blocks that are filled
 * and freed in the same order, so that waiting costs a copy and no allocation.
 *
 *   entries  ┌──┬──┬──┬──┬──┬──┐   numbers oldest … newest, a ring
 *            │ 7│ 8│ 9│10│11│12│
 *            └┬─┴┬─┴──┴──┴──┴──┘
 *   blocks   [bytes of 7, 8, …  ] [… of 12      ]     freed when the last entry that used one has left
 *
 * Those that can be joined are found by a key. Entries of one key are a group, by rising number; the oldest leads it and
 * is found in a table with open addressing, whose slots tell enough to pass by the other groups' entries unread:
 *
 *   slots    ┌─────┬─────┬─────┐ next_same
 *            │  7  │  9  │ 11  │            tag and number of three leaders
 *            └─────┴──┼──┴─────┘
 *                     └▶ 9 ─▶ 10 ─▶ 12     of one key
 *
 * As entries leave in the order in which they came, the one that leaves leads its group, if it is in one. */
#ifndef TAP_SESSION_PENDING_H
#define TAP_SESSION_PENDING_H

#include "tap/session/interest.h"
#include "wire/event.h"

/* Who received a message. */
struct tap__receiver {
	struct tap__sub *sub; /* held */
	struct tap__receiver *next;
	int64_t seen_ns; /* when its delivery was seen */
	bool is_guess;   /* its delivery may be of another message with the same content */
};

enum tap__state {
	TAP__FIXED,    /* it is what it is */
	TAP__JOINABLE, /* a message that deliveries may join, or a delivery that a message may take */
	TAP__TAKEN,    /* a delivery that has become a receiver of a message: nothing any more */
};

/* An event of a kind that is rare: a copy, its texts behind it. */
struct tap__rare {
	uint64_t bytes; /* of memory */
	struct wire_event event;
	struct wire_client client;
};

struct tap__waiting {
	uint64_t number;
	int64_t time_ns; /* of the event */
	int64_t seen_ns; /* of the packet that made it whole */
	uint64_t conn;
	uint8_t kind;       /* enum wire_event_kind */
	uint8_t state;      /* enum tap__state */
	bool leads;         /* its group */
	bool has_latecomer; /* a receiver that is not in its route */
	bool is_undecided;  /* a delivery may be of it or of another message */
	bool is_repeated;   /* there is, or was, another one of its group */
	uint32_t flags;     /* of the event */
	union {
		struct tap__client *client; /* message: its publisher; held */
		struct tap__sub *sub;       /* delivery: its receiver; held */
		struct tap__rare *rare;     /* others: owned; the rest is about messages and deliveries */
	};
	const char *bytes; /* subject, reply, headers, payload, one behind the other */
	uint32_t subject_len, reply_len, headers_len, payload_len;
	uint64_t size; /* of the payload, announced */
	uint32_t server;
	uint32_t receiver_count, guess_count; /* guesses are receivers, too */
	struct tap__receiver first_receiver;  /* message */
	struct tap__receiver *last_receiver;  /* when there are more */
	struct tap__route *route;             /* message: who subscribed to it then; held; NULL = not known */
	uint64_t said;                        /* message: its place among what the publisher said */
	int64_t delivered_ns;          /* message: when its first delivery was seen; INT64_MAX = never */
	uint64_t key;                  /* joinable */
	uint64_t next_same, last_same; /* in its group: numbers, 0 = none; the last one of a leader */
};

/* Where a leader is. Empty: the tag is 0. */
struct tap__leader {
	uint32_t tag;    /* half of the key, odd; tells the slot to begin at, too */
	uint32_t number; /* its lower half: what is pending is less than so many */
};

struct tap__block;

struct tap__pending {
	struct tap__waiting *entries; /* a ring, by number */
	struct tap__leader *leaders;  /* twice as many slots as entries */
	size_t cap;                   /* of entries: a power of two, or 0 */
	uint64_t oldest, next;        /* numbers; equal: nothing is pending */
	uint64_t ungrouped;           /* number: entries before it are in their groups */
	struct tap__block *first_block, *last_block;
	struct tap_budget *budget;
	uint64_t used_bytes; /* of the budget */
};

void tap__pending_init(struct tap__pending *pending, struct tap_budget *budget);
void tap__pending_fini(struct tap__pending *pending);

static inline bool tap__pending_is_empty(const struct tap__pending *pending)
{
	return pending->oldest == pending->next;
}

/* number is one of those pending. */
static inline struct tap__waiting *tap__pending_entry(const struct tap__pending *pending, uint64_t number)
{
	return &pending->entries[number & (pending->cap - 1)];
}

/* A new entry for a message or delivery, zeroed but for its number, with room for so many bytes (NULL when 0). NULL when
 * there is no memory. Pointers that entries have into blocks stay valid; those to entries do not. */
struct tap__waiting *tap__pending_push(struct tap__pending *pending, size_t bytes, char **room);

/* A new entry for an event of another kind, which is copied. */
struct tap__waiting *tap__pending_push_rare(struct tap__pending *pending, const struct wire_event *event);

/* Memory that lives until the newest entry leaves, and so as long as any. NULL when there is none. */
void *tap__pending_alloc(struct tap__pending *pending, size_t bytes);

/* The receivers of a message, one after the other, NULL at the end: for (r = _first(m); r; r = r->next). */
static inline const struct tap__receiver *tap__receivers_first(const struct tap__waiting *message)
{
	return message->receiver_count > 0 ? &message->first_receiver : NULL;
}

/* The same, to be changed. */
static inline struct tap__receiver *tap__receivers_of(struct tap__waiting *message)
{
	return message->receiver_count > 0 ? &message->first_receiver : NULL;
}

/* What a message or delivery says. */
static inline struct wire_slice tap__subject_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes, entry->subject_len);
}

static inline struct wire_slice tap__reply_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len, entry->reply_len);
}

static inline struct wire_slice tap__headers_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len, entry->headers_len);
}

static inline struct wire_slice tap__payload_of(const struct tap__waiting *entry)
{
	return wire_slice(entry->bytes + entry->subject_len + entry->reply_len + entry->headers_len,
			  entry->payload_len);
}

/* Let the oldest entry leave; frees what it owns. */
void tap__pending_drop(struct tap__pending *pending);

/* Take an entry out of its group; previous is the one before it there, NULL when it leads. */
void tap__pending_leave_group(struct tap__pending *pending, struct tap__waiting *entry,
			      struct tap__waiting *previous);

/* The number of the oldest entry of that key, 0 when there is none. Entries are put into their groups when somebody asks
 * for the first time after they came: most are found without asking. */
uint64_t tap__pending_find(struct tap__pending *pending, uint64_t key);

#endif
