/* subs.h - what a client subscribed to, by sid: who receives what a server sends. Internal to tap. */
#ifndef TAP_SESSION_SUBS_H
#define TAP_SESSION_SUBS_H

#include "tap/session/client.h"
#include "tap/stream/flow.h"

#include <stdint.h>

enum { TAP__SUBS_MAX = 1 << 16 }; /* of one connection: what comes beyond is not remembered */

/* What receives each message once: a plain subscription, or all subscriptions of one queue group name at a server, as far
 * as they match [nats-server 2.9.10, sublist.go: findQSlot]. */
struct tap__lane {
	uint32_t holds;               /* of a group: by its subscriptions */
	uint32_t server;              /* of a group */
	uint64_t id;                  /* unique among those of a sniffer */
	uint64_t newest;              /* for the join: the highest number of a message that it received */
	int64_t joined_ns;            /* when a subscription came to it last */
	struct tap__lane *next, **at; /* a group's place in a bucket of the interest */
	struct wire_slice queue;      /* of a group: lies behind this struct */
};

/* A subscription. Counted: pending deliveries hold it after it, or its connection, has gone.
 *
 *   made_ns       since_ns                   ended_ns        gone_ns
 *   SUB is seen   the server has certainly   UNSUB is seen   the server has certainly
 *                 processed it                               processed it
 *
 * Of a subscription whose SUB was not seen all that is known is that it is there. */
struct tap__sub {
	uint32_t holds;
	bool is_known;  /* its SUB was seen; else subject and queue group are not known */
	bool is_over;   /* the server has ended it, and everything that it sent before was captured */
	bool is_listed; /* among the interest (tap/session/interest.h) */
	uint32_t server;
	uint64_t conn; /* who receives */
	uint64_t max;  /* removed after so many deliveries; 0 = no end */
	uint64_t deliveries;
	int64_t made_ns, since_ns, ended_ns, gone_ns;
	uint64_t said, end_said;    /* place of SUB and UNSUB among what the client said */
	uint64_t max_said;          /* place of the UNSUB that set max */
	int64_t stray_ns;           /* when a delivery came last that was joined to no message */
	uint64_t counted;           /* number of the message that it was counted for last */
	struct tap__client *client; /* held */
	struct tap__lane *lane;     /* its own, or its queue group's, which it holds */
	struct tap__lane own;
	struct tap__sub *next_listed;          /* in its bucket of the interest */
	uint64_t listed_hash;                  /* tells the bucket */
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

/* Make a subscription like the given one, with a lane of its own, and remember it unless one of its sid is there: the
 * first stands [nats-server 2.9.10]. Held for the caller, also when there is no room to remember it; NULL when out of
 * memory. */
struct tap__sub *tap__subs_add(struct tap__subs *subs, const struct tap__sub *like);

void tap__subs_remove(struct tap__subs *subs, struct tap__sub *sub);

/* Call visit for each one that is remembered. It must not add or remove any. */
void tap__subs_each(const struct tap__subs *subs, void (*visit)(void *context, struct tap__sub *sub),
		    void *context);

static inline struct tap__sub *tap__sub_hold(struct tap__sub *sub)
{
	sub->holds++;
	return sub;
}

void tap__sub_release(struct tap__sub *sub);

#endif
