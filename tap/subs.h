/* subs.h - what a client subscribed to, by sid: who receives what a server sends. Internal to tap. */
#ifndef TAP_SUBS_H
#define TAP_SUBS_H

#include "tap/flow.h"

#include <stdint.h>

enum { TAP__SUBS_MAX = 1 << 16 }; /* of one connection: what comes beyond is not remembered */

/* A subscription. Counted: pending deliveries hold it after it, or its connection, has gone. */
struct tap__sub {
	uint32_t holds;
	bool is_known; /* its SUB was seen; else subject and queue group are not known */
	uint64_t id;   /* unique among those of a sniffer */
	uint64_t conn; /* who receives */
	uint64_t max;  /* removed after so many deliveries; 0 = no end */
	uint64_t deliveries;
	uint64_t newest; /* for the join: the highest number of a message that it received */
	struct wire_slice sid, subject, queue; /* lie behind this struct */
};

struct tap__subs {
	struct tap__sub **slots; /* by hash of the sid, probed linearly; owned, each one held */
	size_t count, cap;       /* cap: a power of two, or 0 */
	struct tap__sub *recent; /* what was found last: deliveries come in runs */
	struct tap_budget *budget;
};

/* Zeroed but for the budget. */
void tap__subs_fini(struct tap__subs *subs);

/* NULL when there is none. */
struct tap__sub *tap__subs_find(struct tap__subs *subs, struct wire_slice sid);

/* Make a subscription and remember it unless one of its sid is there: the first stands [nats-server 2.9.10]. Held for the
 * caller, also when there is no room to remember it; NULL when out of memory. */
struct tap__sub *tap__subs_add(struct tap__subs *subs, const struct tap__sub *like);

void tap__subs_remove(struct tap__subs *subs, struct tap__sub *sub);

static inline struct tap__sub *tap__sub_hold(struct tap__sub *sub)
{
	sub->holds++;
	return sub;
}

void tap__sub_release(struct tap__sub *sub);

#endif
