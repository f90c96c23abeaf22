/* handshakes.h - connections whose SYN was seen and none of whose data: a table of fixed size, in which the latest take
 * the place of the oldest. Internal to tap. */
#ifndef TAP_HANDSHAKES_H
#define TAP_HANDSHAKES_H

#include "tap/table.h"

struct tap__handshake {
	struct tap__entry entry; /* first: found by it */
	uint32_t first[2];       /* sequence number of the first byte of the key's ends */
	bool is_known[2];
	unsigned originator; /* which end it is */
};

struct tap__handshakes {
	struct tap__table table;
	struct tap__order order;
	struct tap__handshake *pool;
	struct tap__entry *unused; /* of the pool, chained */
	uint32_t max;
	uint64_t evicted;
};

/* 0 or -ENOMEM. */
int tap__handshakes_init(struct tap__handshakes *handshakes, uint32_t max);
void tap__handshakes_fini(struct tap__handshakes *handshakes);
uint64_t tap__handshakes_bytes(const struct tap__handshakes *handshakes);

/* A SYN, with or without ACK, that end `from` sent. */
void tap__handshakes_take(struct tap__handshakes *handshakes, const struct tap__key *key, unsigned from,
			  const struct tap_segment *segment);

/* Take out what is known of a connection. False when nothing is. */
bool tap__handshakes_remove(struct tap__handshakes *handshakes, const struct tap__key *key,
			    struct tap__handshake *found);

#endif
