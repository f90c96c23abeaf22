/* fragments.h - reassemble IP datagrams.
 *
 * Of two versions of a byte the first counts. Datagrams, bytes and age are bounded. A datagram that is not
 * completed is counted and dropped, and becomes a hole in its TCP stream. */
#ifndef TAP_PACKET_FRAGMENTS_H
#define TAP_PACKET_FRAGMENTS_H

#include "tap/budget.h"
#include "tap/packet/packet.h"

enum {
	TAP_DATAGRAMS_MAX = 64,        /* incomplete at a time; TCP is rarely fragmented */
	TAP_DATAGRAM_BYTES_MAX = 65535 /* the limit of IP */
};

/* A datagram waits for its last fragment at most this long, as on Linux. */
#define TAP_DATAGRAM_AGE_NS INT64_C(30000000000)

struct tap_fragments_stats {
	uint64_t fragments;
	uint64_t used;      /* fragments of datagrams that were completed */
	uint64_t datagrams; /* completed */
	uint64_t given_up;  /* datagrams: too old, or no memory */
	uint64_t bad;       /* fragments with invalid lengths */
	uint64_t cut;       /* fragments that the snapshot length cut */
	uint64_t conflicts; /* fragments that differed from the bytes kept for the same place */
};

struct tap_fragments;

/* Borrows the budget until close. NULL when out of memory. */
struct tap_fragments *tap_fragments_open(struct tap_budget *budget);
void tap_fragments_close(struct tap_fragments *fragments);

/* Take a fragment. True when it completes a datagram: *datagram is then a fragment that covers all of it, valid
 * until the next call. That call may take a fragment that lies in its payload. */
bool tap_fragments_take(struct tap_fragments *fragments, const struct tap_fragment *fragment, int64_t time_ns,
			struct tap_fragment *datagram);

const struct tap_fragments_stats *tap_fragments_stats(const struct tap_fragments *fragments);

#endif
