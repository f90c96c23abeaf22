/* sublist.h - the subscriptions of all clients by subject, inside this folder.
 *
 * A trie of tokens. Subscribing to `a.b`, `a.*` and `a.>` gives
 *
 *	root ── a ─┬─ b    plain subscriptions, queue groups
 *	           ├─ *    …
 *	           └─ >    …
 *
 * Children by literal token are found in one hash table for the whole trie, keyed by (parent, token); the children
 * * and > are linked from their parent. A node without subscriptions and children is freed: memory is bounded by what is
 * subscribed to. Matches are cached elsewhere (match_cache.h), with generations to notice changes. */
#ifndef BROKER_SUBLIST_H
#define BROKER_SUBLIST_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

struct broker_client;
struct broker__node;

/* Subscriptions of one queue group at one node. */
struct broker__group {
	struct broker__group *next; /* at the same node */
	struct broker__sub *members;
	uint32_t members_len;
	size_t name_len;
	char name[];
};

/* One subscription. Owned by its client; linked into the trie while it is live. */
struct broker__sub {
	/* Used by deliveries. */
	uint64_t delivered, max; /* max 0 = no limit */
	bool is_closed;          /* unsubscribed: caches may still point here until they are refreshed */
	struct broker_client *client;
	uint64_t born; /* the list's `inserts` when it was added: later subscriptions have larger numbers */
	struct broker__node *node; /* NULL: not in a trie */
	struct broker__group *group;
	struct broker__sub *prev,
	    *next;                    /* at the same node or in the same group; next also of retired ones */
	struct broker__sub *sid_next; /* in its client's table */
	struct wire_slice subject, queue, sid; /* borrow bytes; an empty queue: plain */
	char bytes[];
};

struct broker__node {
	struct broker__node *parent, *hash_next;
	struct broker__node *star, *tail; /* the children * and > */
	struct broker__sub *plain;
	struct broker__group *groups;
	uint64_t hash;
	uint32_t plain_len, children; /* children: literal ones, * and > */
	uint32_t token_len;
	char token[];
};

enum { BROKER__GENERATIONS = 1024, BROKER__TOKENS_MAX = 4096 };

/* A cursor over the subscriptions that match one literal subject. It can stop after any step and continue later, while
 * subscriptions come and go:
 *
 *	path    nodes still to be entered, each with the place in the subject that its children are looked up by
 *	sub     the next subscription of the node being visited; then those of `group` and the groups after it
 *
 * The list advances a resting cursor (broker__sublist.resting) when what it points to is removed. */
struct broker__sublist_cursor {
	struct broker__sub *sub;
	struct broker__group *group;
	bool begins_group; /* `sub` is the first of its queue group at this node */
	bool is_done;
	uint32_t depth;
	struct {
		struct broker__node *node; /* NULL: it was removed */
		size_t at;                 /* beyond the subject: it ends at this node */
	} path[BROKER__TOKENS_MAX + 2];
};

struct broker__sublist {
	struct broker__node *root;
	struct broker__node **slots; /* slots_len, a power of two */
	size_t slots_len, nodes;
	uint64_t seed;
	uint64_t wildcard_generation;
	uint64_t literal_generation[BROKER__GENERATIONS];
	uint64_t count, inserts, removes, matches;
	struct broker__sublist_cursor *resting; /* the one cursor that may stop in the middle, or NULL */
};

/* 0 or -ENOMEM. All subscriptions must be gone before _fini. */
int broker__sublist_init(struct broker__sublist *list, uint64_t seed);
void broker__sublist_fini(struct broker__sublist *list);

/* A subscription on the heap, in no trie yet, with copies of the three. NULL when out of memory. */
struct broker__sub *broker__sub_open(struct broker_client *client, struct wire_slice subject,
				     struct wire_slice queue, struct wire_slice sid);
/* It is in no trie. */
void broker__sub_close(struct broker__sub *sub);

/* 0; WIRE_EARGUMENT when the subject cannot be subscribed to; -ENOMEM. */
int broker__sublist_insert(struct broker__sublist *list, struct broker__sub *sub);
void broker__sublist_remove(struct broker__sublist *list, struct broker__sub *sub);
/* Remove without voiding cached matches: the caller has voided those that hold it (broker__sublist_touch). */
void broker__sublist_unlink(struct broker__sublist *list, struct broker__sub *sub);

/* Place the cursor before the first subscription whose pattern matches the literal subject. Nothing matches a subject with an empty
 * token. Wildcard characters in subject are literal. */
void broker__sublist_cursor_start(struct broker__sublist_cursor *cursor, struct broker__sublist *list,
				  struct wire_slice subject);

/* The next one; begins_group says whether it is the first of a queue group at its node. NULL: there are no more
 * (is_done), or *work has run out and the next call continues. subject: the same bytes each time. Takes what
 * it costs off *work. */
struct broker__sub *broker__sublist_cursor_next(struct broker__sublist_cursor *cursor,
						const struct broker__sublist *list, struct wire_slice subject,
						int64_t *work, bool *begins_group);

/* The hash by which generations are asked for. */
uint64_t broker__sublist_hash(const struct broker__sublist *list, struct wire_slice subject);

/* Changes whenever the answer for a subject with this hash may have changed. Both terms only grow, so equal sums mean
 * that neither changed. */
static inline uint64_t broker__sublist_generation(const struct broker__sublist *list, uint64_t subject_hash)
{
	return list->wildcard_generation + list->literal_generation[subject_hash % BROKER__GENERATIONS];
}

/* Every cached answer is void. */
void broker__sublist_touch(struct broker__sublist *list);

#endif
