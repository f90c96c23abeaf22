/* handshakes.h - SYNs of connections that have no data yet, in a table of fixed size in which new SYNs displace
 * the oldest. Internal to tap.
 *
 * A SYN may be forged. Two openings are remembered for a pair of ends: the one that was answered or came first,
 * and the latest other one, its rival. The numbers of later segments show which of them is real. */
#ifndef TAP_STREAM_HANDSHAKES_H
#define TAP_STREAM_HANDSHAKES_H

#include "tap/stream/flow_table.h"

/* The fields of a connection's SYNs. Arrays are indexed by the ends of its key. */
struct tap__opening {
	uint32_t first[2]; /* sequence number of the end's first byte */
	bool is_known[2];
	uint8_t shift[2];    /* of the windows that the end advertises; TAP_NO_WINDOW_SHIFT: unknown */
	bool is_answered;    /* the SYN and a SYN that acknowledges it were seen */
	unsigned originator; /* which end */
};

struct tap__handshake {
	struct tap__flow_entry entry; /* first: an entry is its handshake */
	struct tap__opening opening, rival;
	bool has_rival;
};

struct tap__handshakes {
	struct tap__flow_table table;
	struct tap__lru lru;
	struct tap__handshake *pool;
	struct tap__flow_entry *unused; /* freed entries of the pool, chained */
	uint32_t used, max;             /* of the pool: entries from `used` on were never used */
	uint64_t evicted;
};

/* 0 or -ENOMEM. */
int tap__handshakes_init(struct tap__handshakes *handshakes, uint32_t max);
void tap__handshakes_fini(struct tap__handshakes *handshakes);
uint64_t tap__handshakes_bytes(const struct tap__handshakes *handshakes);

/* Take a SYN, with or without ACK, that end `from` sent. True when it answers a SYN that was seen: both ends agree on
 * a new connection. */
bool tap__handshakes_take(struct tap__handshakes *handshakes, const struct tap__flow_key *key, unsigned from,
			  const struct tap_segment *segment);

/* Does a segment of end `from` that is not a SYN fit an opening? *is_sure: it acknowledges the other end's SYN,
 * or the opening was answered. */
bool tap__opening_fits(const struct tap__opening *opening, unsigned from, const struct tap_segment *segment,
		       bool *is_sure);

/* Find the opening that a segment of end `from` fits. False when there is none. */
bool tap__handshakes_find(const struct tap__handshakes *handshakes, const struct tap__flow_key *key,
			  unsigned from, const struct tap_segment *segment, struct tap__opening *found,
			  bool *is_sure);

/* Forget the openings of a pair of ends. */
void tap__handshakes_remove(struct tap__handshakes *handshakes, const struct tap__flow_key *key);

/* End `from` sent a reset: forget the opening that it refuses according to its numbers. */
void tap__handshakes_reset(struct tap__handshakes *handshakes, const struct tap__flow_key *key, unsigned from,
			   const struct tap_segment *segment);

#endif
