/* match_cache.h - who gets messages on a subject, worked out once and kept per publishing connection. Inside this folder.
 *
 * A match is valid while the sublist's generation of its subject is the one it was made with. Everything a delivery
 * needs is prepared: heads to copy ("MSG subject sid "), receivers as the event shows them, and the hints that
 * sinks may leave on them. The hot path only reads. */
#ifndef BROKER_ROUTE_H
#define BROKER_ROUTE_H

#include "broker/sublist.h"
#include "wire/event.h"

enum {
	BROKER__MATCHES_MAX = 128 * 1024, /* per connection */
	BROKER__MATCHES_FAR = 1024,       /* so many do not fit into the caches next to the processor */
};

/* Whether an operation is done, or continues in a later turn: then its bytes must be kept. */
enum broker__progress { BROKER__DONE, BROKER__AGAIN };

struct broker__receiver {
	struct broker__sub *sub;
	struct broker_client *client;
	const char *head;       /* "HMSG subject sid ": MSG begins one byte later; NULL: see has_heads */
	uint32_t head_len : 31; /* lines are shorter than 64 KiB */
	uint32_t is_denied : 1; /* by a deny rule of the receiver */
	/* While a batch is delivered: how many of its messages the receiver got, and whether it had been closed
	 * before its turn. */
	uint32_t batch_sent : 31;
	uint32_t was_closed : 1;
};

/* The members of one queue group, from every pattern that matches: one of them gets the message. */
struct broker__queue_group {
	struct broker__receiver *members;
	struct wire_receiver *described; /* of the members */
	struct wire_intern_hint *hints;  /* for the receivers of a message that this member got */
	uint32_t members_len;
};

/* Hints that sinks may leave on a match. */
struct broker__match_memos {
	struct wire_intern_hint subject, receivers;
};

/* One piece of memory, in the order of use: with many subjects, the cost of a message is the cache lines it touches.
 *
 *	match │ receivers │ subject, heads │ hints │ described │ queue_groups │ their members */
struct broker__match {
	uint64_t hash, generation;
	struct wire_slice subject;
	bool may_publish; /* by the permission lists; granted replies not included */
	bool is_reserved; /* a subject of clusters, which no client may publish to */
	bool is_plain;    /* no queue groups, nobody denied, nobody twice: the common case */
	bool has_heads;   /* false: too many receivers; each head is written when it is needed */
	uint32_t receivers_len, queue_groups_len;
	uint32_t bytes; /* of memory */
	struct broker__receiver *receivers;
	struct broker__queue_group *queue_groups;
	struct broker__match_memos *hints;
	/* As the event shows them: first the plain receivers, then room for one chosen member of each queue group. */
	struct wire_receiver *described;
};

struct broker__match_slot {
	uint64_t hash; /* of the match, so that a look-up touches no other match */
	struct broker__match *match;
};

/* A hash table, open addressing, at most half full. */
struct broker__match_cache {
	struct broker__match *last; /* most publishers stay with a subject for a while */
	struct broker__match_slot *slots;
	uint32_t slots_len, count; /* slots_len: a power of two, or 0 */
	uint32_t hand;             /* the slot after which a match is forgotten when there are too many */
	uint32_t forgotten;        /* how many were freed, modulo 2^32 */
};

/* Find the valid match for a subject that `publisher` publishes to; *out is borrowed until the next call, NULL when
 * out of memory. hash: the sublist's hash of the subject. BROKER__AGAIN: working it out takes more than a turn, and
 * loop->builder is not done with it (large.h). */
enum broker__progress broker__match_find(struct broker_client *publisher, struct wire_slice subject,
					 uint64_t hash, struct broker__match **out);

/* Take a match out of the cache of its client: the caller owns it. */
void broker__match_take(struct broker_client *client, struct broker__match *match);
/* Put a match back into the cache of its client, or free it when it is void or too large to keep. */
void broker__match_give(struct broker_client *client, struct broker__match *match);

/* Free all matches of a client. */
void broker__match_cache_clear(struct broker_client *client);

/* Begin a look-up early, so that memory is fetched while other look-ups are begun. First the slot; then the match,
 * guessed by its hash alone (NULL: none); then what a delivery touches. A guess may be used if it serves and
 * nothing was forgotten since (cache->forgotten). */
void broker__match_fetch_slot(const struct broker__match_cache *cache, uint64_t hash);
struct broker__match *broker__match_guess(const struct broker__match_cache *cache, uint64_t hash);
void broker__match_fetch_receiver(const struct broker__match *guess);

/* Whether subjects of equal length are equal. Hot: a call to memcmp costs more than the comparison. */
static inline bool broker__is_same_subject(const char *a, const char *b, size_t len)
{
	size_t at = 0;
	for (; at + 8 <= len; at += 8)
		if (memcmp(a + at, b + at, 8) != 0)
			return false;
	if (len >= 8)
		return memcmp(a + len - 8, b + len - 8, 8) == 0;
	for (; at < len; at++)
		if (a[at] != b[at])
			return false;
	return true;
}

/* The match is for this subject and valid. */
static inline bool broker__match_serves(const struct broker__match *match, const struct broker__sublist *list,
					struct wire_slice subject)
{
	return match && match->subject.len == subject.len &&
	       broker__is_same_subject(match->subject.data, subject.data, subject.len) &&
	       match->generation == broker__sublist_generation(list, match->hash);
}

/* The last match if it serves, without a look-up; else NULL. */
static inline struct broker__match *broker__match_again(const struct broker__match_cache *cache,
							const struct broker__sublist *list,
							struct wire_slice subject)
{
	return broker__match_serves(cache->last, list, subject) ? cache->last : NULL;
}

#endif
