/* interest.h - the subscriptions of all servers by subject: which of them a message can reach. Internal to tap.
 *
 * Subscriptions are in buckets: one for each literal subject, one for each first token of a pattern, and one
 * for the patterns that begin with a wildcard. A message searches three buckets. The result is a match, which
 * all messages on the subject share until a subscription is added or removed. */
#ifndef TAP_SESSION_INTEREST_H
#define TAP_SESSION_INTEREST_H

#include "tap/session/sub_table.h"

enum { TAP__MATCHES = 8192, TAP__LANES = 1024 }; /* powers of two */

/* The subscriptions that match a subject at one time. Counted. */
struct tap__match {
	uint32_t holds;
	uint32_t count;
	uint32_t lanes; /* how many lanes they are: as many times is a message received */
	uint32_t server;
	struct wire_slice subject; /* follows subs */
	uint64_t generation;
	struct tap_budget *budget;
	uint64_t bytes;          /* of the budget */
	struct tap__sub *subs[]; /* held; those of a queue group are adjacent */
};

struct tap__interest {
	struct tap__sub **buckets;
	size_t count, cap;   /* subscriptions; buckets: a power of two, or 0 */
	uint64_t generation; /* of matches; rises when a subscription is added or removed */
	int64_t changed_ns;  /* when a SUB or an UNSUB was last seen; INT64_MIN = never */
	struct tap__match *matches[TAP__MATCHES];
	struct tap__match *recent;           /* one of the matches, held; NULL = none */
	struct tap__lane *lanes[TAP__LANES]; /* of queue groups, by hash of the name, chained */
	struct tap_budget *budget;
};

/* Free everything but the budget. No subscription may be listed any more. */
void tap__interest_fini(struct tap__interest *interest);

/* List a subscription whose SUB was seen. The members of a queue group share a lane. False when there is no
 * memory. */
bool tap__interest_add(struct tap__interest *interest, struct tap__sub *sub);

/* Remove a subscription that has ended. Does nothing when it is not listed. */
void tap__interest_remove(struct tap__interest *interest, struct tap__sub *sub);

/* The hash of a subject at a server. Different ones may have the same hash. */
uint64_t tap__subject_hash(uint32_t server, struct wire_slice subject);

/* Find the match of a subject and cache it. NULL when there is no memory or too much to search. */
struct tap__match *tap__interest_find(struct tap__interest *interest, uint32_t server,
				      struct wire_slice subject);

static inline bool tap__match_is_of(const struct tap__match *match, const struct tap__interest *interest,
				    uint32_t server, struct wire_slice subject)
{
	return match && match->generation == interest->generation && match->server == server &&
	       wire_slice_equal(match->subject, subject);
}

/* The match of a subject, to be released by the caller; NULL as above. Hot: messages on one subject often follow each
 * other. */
static inline struct tap__match *tap__interest_match(struct tap__interest *interest, uint32_t server,
						     struct wire_slice subject)
{
	struct tap__match *match = interest->recent;
	if (!tap__match_is_of(match, interest, server, subject))
		match = tap__interest_find(interest, server, subject);
	if (match)
		match->holds++;
	return match;
}

void tap__match_free(struct tap__match *match);

static inline void tap__match_release(struct tap__match *match)
{
	if (match && --match->holds == 0)
		tap__match_free(match);
}

#endif
