/* fanout.h - a message on its way along a route, inside this folder. */
#ifndef BROKER_FANOUT_H
#define BROKER_FANOUT_H

#include "broker/parcel.h"
#include "broker/route.h"

/* Units of work (turn.h): a message to one receiver, the same in a run, and the bytes that cost one more. */
enum { BROKER__DELIVERY_UNITS = 3, BROKER__BATCH_UNITS = 1, BROKER__BYTES_A_UNIT = 32 };

/* The event names no more receivers than this, only their number: to name them would take the sink too long. */
enum { BROKER__NAMED_MAX = 64 * 1024 };

/* How far a message has come along its route, and what became of it. */
struct broker__fanout {
	uint32_t next; /* whose turn it is: of receivers, then of queue groups */
	uint32_t sent;
	uint32_t described_len;
	bool is_large;
	const struct wire_receiver *described; /* when everybody got it */
	struct wire_receiver *unusual;         /* somebody did not: the same with their outcomes; else NULL */
	struct wire_intern_hint *hint;
};

static inline void broker__fanout_init(struct broker__fanout *fanout, const struct broker__route *route)
{
	*fanout = (struct broker__fanout){.described_len = route->receivers_len,
					  .described = route->described,
					  .hint = &route->hints->receivers};
}

static inline bool broker__are_named(const struct broker__route *route)
{
	return route->receivers_len + route->picks_len <= BROKER__NAMED_MAX;
}

/* The work of delivering `bytes` along a route. */
static inline int64_t broker__deliver_units(const struct broker__route *route, size_t bytes)
{
	return (int64_t)(route->receivers_len + route->picks_len) *
	       (int64_t)(BROKER__DELIVERY_UNITS + bytes / BROKER__BYTES_A_UNIT);
}

/* The message of a loop that takes more than one turn (large.h). */
enum broker__large_stage { BROKER__MATCHING, BROKER__DELIVERING, BROKER__ANSWERING };

struct broker__large {
	struct broker_client *publisher; /* NULL: there is none */
	enum broker__large_stage stage;
	struct broker__making *making; /* MATCHING; ANSWERING uses its cursor */
	/* DELIVERING. */
	struct broker__route *route; /* owned */
	struct broker__parcel parcel;
	struct broker__fanout fanout;
	uint32_t until; /* receivers and queue groups that are to get it */
	bool is_allowed;
};

#endif
