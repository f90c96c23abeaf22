/* sub_table.h - the subscriptions of one client by sid. Internal to tap. */
#ifndef TAP_SESSION_SUB_TABLE_H
#define TAP_SESSION_SUB_TABLE_H

#include "tap/session/client.h"
#include "tap/stream/flow.h"

#include <stdint.h>

enum { TAP__SUB_TABLE_MAX = 1 << 16 }; /* of one connection; more are not kept */

/* Something that receives each message once: a plain subscription, or all subscriptions of a queue group at a
 * server, as far as they match [nats-server 2.9.10, sublist.go: findQSlot]. */
struct tap__lane {
	uint32_t holds;    /* of a group: by its subscriptions */
	uint32_t server;   /* of a group */
	uint64_t id;       /* unique within a sniffer */
	uint64_t newest;   /* the highest number of a message that it received */
	uint64_t latest;   /* the number of the message that it received last */
	uint64_t missed;   /* messages that left before it received them; their deliveries are to come */
	int64_t joined_ns; /* when a subscription last joined it */
	struct tap__lane *next, **at; /* of a group: in its bucket of the interest */
	struct wire_slice queue;      /* of a group: follows this struct */
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
	bool is_known;  /* its SUB was seen; otherwise subject and queue group are unknown */
	bool is_over;   /* the server has ended it, and all that was delivered to it before was captured */
	bool is_listed; /* in the interest (tap/session/interest.h) */
	uint32_t server;
	uint64_t conn; /* of the receiver */
	uint64_t max;  /* it ends after so many deliveries; 0 = never */
	uint64_t deliveries;
	int64_t made_ns, since_ns, ended_ns, gone_ns;
	uint64_t op_number, end_op_number; /* of SUB and UNSUB */
	uint64_t max_op_number;            /* of the UNSUB that set max */
	int64_t stray_ns;                  /* when a delivery last joined no message */
	uint64_t counted;                  /* the number of the message that it was last counted for */
	struct tap__client *client;        /* held */
	struct tap__lane *lane;            /* its own, or that of its queue group, which it holds */
	struct tap__lane own;
	struct tap__sub *next_listed;          /* in its bucket of the interest */
	uint64_t listed_hash;                  /* gives the bucket */
	struct wire_slice sid, subject, queue; /* follow this struct */
};

struct tap__sub_table {
	struct tap__sub **slots; /* by hash of the sid, probed linearly; owned, each held */
	size_t count, cap;       /* cap: a power of two, or 0 */
	struct tap__sub *recent; /* found last: deliveries often go to the same subscription */
	struct tap_budget *budget;
};

/* Free everything but the budget. */
void tap__sub_table_fini(struct tap__sub_table *subs);

/* NULL when there is none. */
struct tap__sub *tap__sub_table_find(struct tap__sub_table *subs, struct wire_slice sid);

/* Add a copy of a subscription, with a lane of its own, unless its sid is in the table: the first one counts
 * [nats-server 2.9.10]. Returns the copy, which the caller holds, even when there is no room in the table; NULL
 * when out of memory. */
struct tap__sub *tap__sub_table_add(struct tap__sub_table *subs, const struct tap__sub *like);

void tap__sub_table_remove(struct tap__sub_table *subs, struct tap__sub *sub);

/* Call visit for each subscription in the table. It must not add or remove any. */
void tap__sub_table_each(const struct tap__sub_table *subs,
			 void (*visit)(void *context, struct tap__sub *sub), void *context);

static inline struct tap__sub *tap__sub_hold(struct tap__sub *sub)
{
	sub->holds++;
	return sub;
}

void tap__sub_release(struct tap__sub *sub);

#endif
