/* flow.h - the seam between packets and protocol: what reassembly tells of a TCP connection, in order.
 *
 * Below the seam are packets, sequence numbers and retransmissions; above it are bytes of either side and holes.
 * Every byte of a side is told exactly once, as data or as part of a hole, in the order in which the side sent it;
 * the two sides are told in the order in which the capture makes them known. */
#ifndef TAP_STREAM_FLOW_H
#define TAP_STREAM_FLOW_H

#include "wire/slice.h"

#include <stdint.h>

/* Who opened the connection and who accepted it. Of a connection whose beginning was not seen this is a guess by port
 * number (the lower one accepts) until the protocol tells. */
enum tap_side { TAP_ORIGINATOR, TAP_RESPONDER, TAP_SIDES };

struct tap_endpoint {
	unsigned char address[16]; /* network byte order; IPv4 in the first four bytes */
	bool is_v6;
	uint16_t port; /* host byte order */
};

struct tap_flow_info {
	struct tap_endpoint ends[TAP_SIDES];
	bool is_midstream; /* its SYN was not seen */
};

/* Why bytes are missing. */
enum tap_hole {
	TAP_HOLE_LOST,  /* no packet of the capture has them */
	TAP_HOLE_CUT,   /* cut off by the capture's snapshot length */
	TAP_HOLE_LIMIT, /* given up: a bound on memory was reached */
	TAP_HOLES
};

enum tap_end {
	TAP_END_CLOSED,   /* both sides said FIN, or the one that was captured */
	TAP_END_RESET,    /* RST */
	TAP_END_REPLACED, /* a new connection uses the same addresses and ports */
	TAP_END_EVICTED,  /* forgotten: too many connections for the memory allowed */
	TAP_END_CAPTURE,  /* the capture ended first */
	TAP_ENDS
};

/* Why bytes were not told of any connection. */
enum tap_left {
	TAP_LEFT_ENDED,   /* they came after the end of their connection, and do not repeat what was told */
	TAP_LEFT_REFUSED, /* their connections found no room */
	TAP_LEFT_EARLY,   /* they came late, and lie before the beginning of what was told of a side */
	TAP_LEFTS
};

struct tap_leftover {
	enum tap_left why;
	uint64_t bytes;
	int64_t from_ns, to_ns; /* when they came */
};

/* TCP cuts what it is given into segments of at least so many bytes (RFC 9293, 3.7.1), the last one excepted. */
enum { TAP_SEGMENT_BYTES_MIN = 536 };

/* Who listens at the seam. `flow` is what open returned for the connection. No call may come back into the stage below
 * the seam. Times are the packet's, in nanoseconds since the epoch, and never go back within a side: bytes that had to
 * wait for others before them have the time of those, for nobody could read them earlier. A side that waited for bytes
 * which never came is told late, with the times of its own packets. */
struct tap_flow_handler {
	/* A connection with data came into sight. Returns what the other calls are to be given, or NULL: the
	 * connection is of no interest and no other call will come for it. */
	void *(*open)(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns);
	/* Bytes borrow the packet and die when the call returns. False: of no interest any more; close is not called. */
	bool (*data)(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns,
		     struct wire_slice bytes);
	/* bytes: how many are missing. As data. */
	bool (*hole)(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns,
		     uint64_t bytes, enum tap_hole why);
	/* The last call for a connection. */
	void (*close)(struct tap_flow_handler *handler, void *flow, int64_t time_ns, enum tap_end why);
	/* Bytes that belong to no connection that is open. info: between which ends; NULL: several. time_ns: now; the
	 * bytes came before. May be NULL. */
	void (*leftover)(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			 const struct tap_leftover *left);
	/* The data that was just told ends what the sender had to send: its segment asked to be pushed (PSH), and was
	 * too short to have been cut by TCP. NULL: of no interest. */
	void (*pushed)(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns);
};

/* Memory that the stages of a sniffer share: each asks before it keeps bytes and gives back what it frees. */
struct tap_budget {
	uint64_t used_bytes, max_bytes;
};

static inline bool tap_budget_take(struct tap_budget *budget, uint64_t bytes)
{
	if (bytes > budget->max_bytes - budget->used_bytes)
		return false;
	budget->used_bytes += bytes;
	return true;
}

static inline void tap_budget_give(struct tap_budget *budget, uint64_t bytes)
{
	budget->used_bytes -= bytes;
}

#endif
