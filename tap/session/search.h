/* search.h - the waiting message that a delivery is of. Internal to tap.
 *
 * Candidates have the delivery's content, did not reach its lane yet, and fit (tap/session/evidence.h). A plain subscription
 * receives each message of one publisher in order and leaves none out from its SUB to its UNSUB. So when several
 * candidates are equal, each delivery takes the oldest one that is certain, and only then those that were under way
 * together with the SUB (the newest first: none is left out behind the first that is received) or with the UNSUB (the
 * oldest first). In the end the same messages have been received, whichever delivery was counted for which.
 *
 * That does not decide where only one of several equal candidates was received and nothing tells which: several members
 * of a queue group, a subscription of which the SUB was not seen, deliveries that were missed, messages of several
 * publishers under way together with the SUB. Then the delivery is a guess: it is counted for one candidate, so that the
 * next ones can be told apart again, and nobody is told that they belong together. */
#ifndef TAP_SESSION_SEARCH_H
#define TAP_SESSION_SEARCH_H

#include "tap/session/evidence.h"
#include "wire/parse.h"

enum { TAP__CURSORS = 4096, TAP__DEBTS = 256 }; /* powers of two */

/* How far a lane has come in a group of messages with the same content. A cache: what is not found there is searched for
 * from the beginning of the group. */
struct tap__cursor {
	uint64_t tag;    /* of group and lane */
	uint64_t number; /* of the message that it received last */
	uint64_t marked; /* messages up to this one are marked undecided as far as they must be; 0 = none */
};

/* A message left before a lane received it. The next delivery with its content may be of it. A cache. */
struct tap__debt {
	uint64_t key, lane;
	int64_t seen_ns;
};

struct tap__search {
	struct tap__pending *pending;
	int64_t window_ns;
	struct tap__cursor cursors[TAP__CURSORS];
	int64_t debt_ns; /* of the newest debt */
	struct tap__debt debts[TAP__DEBTS];
};

/* A delivery that looks for its message. */
struct tap__sought {
	const struct wire_op *op;
	uint64_t key; /* of the content */
	const struct tap__sub *sub;
	int64_t seen_ns;
	bool is_blind; /* there may be subscriptions and publishers at the server that were not seen */
};

/* The message that the delivery is counted for; NULL when there is none. *is_guess: it may be of another one as well: all
 * that it may be of are marked undecided; or of one that has left (NULL). */
struct tap__waiting *tap__search_find(struct tap__search *search, const struct tap__sought *sought,
				      bool *is_guess);

/* The message leaves, and the lane may receive it later. */
void tap__search_owe(struct tap__search *search, const struct tap__waiting *message,
		     const struct tap__lane *lane);

/* The lane of the subscription is among those that received the message. The search costs *steps. */
bool tap__has_received(const struct tap__waiting *message, const struct tap__sub *sub, int *steps);

/* Headers as published, or none, as a client without support for them gets it. */
static inline bool tap__may_be_headers(struct wire_slice published, struct wire_slice delivered)
{
	return delivered.len == 0 || wire_slice_equal(published, delivered);
}

#endif
