/* search.h - find the waiting message that a delivery belongs to. Internal to tap.
 *
 * Candidates have the delivery's content, were not yet received by its lane, and fit (tap/session/evidence.h). A plain
 * subscription receives all messages of a publisher from its SUB to its UNSUB, in order. So among several candidates a
 * delivery takes the oldest certain one. After those it takes candidates that were sent close to the SUB, newest first
 * (no message is left out after the first one received), or close to the UNSUB, oldest first. The set of messages
 * received is then right, whichever delivery was counted for which.
 *
 * This decides nothing when only one of several equal candidates was received and nothing shows which: with several
 * members of a queue group, a subscription whose SUB was not seen, missed deliveries, or messages of several publishers
 * close to the SUB. The delivery is then a guess: it is counted for one candidate, so that later deliveries can be
 * decided, but not reported as a delivery of that message. */
#ifndef TAP_SESSION_SEARCH_H
#define TAP_SESSION_SEARCH_H

#include "tap/session/evidence.h"
#include "wire/parse.h"

enum { TAP__CURSORS = 4096, TAP__OVERDUE = 256 }; /* powers of two */

/* How far a lane has come in a group of messages with the same content. A cache: when it misses, the search
 * begins at the start of the group. */
struct tap__cursor {
	uint64_t tag;    /* of group and lane */
	uint64_t number; /* of the message that it last received */
	uint64_t marked; /* messages up to this one are marked undecided where they must be; 0 = none */
};

/* Messages of one content that left before a lane received them: as many of its next deliveries may be late. A cache. */
struct tap__overdue {
	uint64_t key, lane;
	int64_t seen_ns; /* of the newest */
	uint32_t count;  /* those whose delivery has not come; 0 = none */
};

struct tap__search {
	struct tap__pending *pending;
	int64_t window_ns;
	struct tap__cursor cursors[TAP__CURSORS];
	int64_t overdue_ns; /* of the newest overdue delivery */
	struct tap__overdue overdue[TAP__OVERDUE];
};

/* A delivery whose message is searched. */
struct tap__sought {
	const struct wire_op *op;
	uint64_t key; /* of the content; set when it is needed, by tap__search_find */
	const struct tap__sub *sub;
	int64_t seen_ns;
	bool has_unseen_subs; /* the server may have subscriptions and publishers that were not seen */
};

/* Find the message to count the delivery for. NULL when there is none. *is_guess: the delivery may as well
 * belong to another message, and all that it may belong to are marked undecided; or, when the result is NULL,
 * to one that has left. */
struct tap__pending_event *tap__search_find(struct tap__search *search, struct tap__sought *sought,
					    bool *is_guess);

/* The message leaves, and the lane may still receive it. */
void tap__search_note_overdue(struct tap__search *search, const struct tap__pending_event *message,
			      const struct tap__lane *lane);

/* Did the subscription's lane receive the message? Each receiver examined costs one of *steps. */
bool tap__has_received(const struct tap__pending_event *message, const struct tap__sub *sub, int *steps);

/* Are the delivered headers the published ones, or missing, as for clients that do not support them? */
static inline bool tap__may_be_headers(struct wire_slice published, struct wire_slice delivered)
{
	return delivered.len == 0 || wire_slice_equal(published, delivered);
}

#endif
