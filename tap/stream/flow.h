/* flow.h - the seam between packets and protocol: what reassembly reports of a TCP connection, in order.
 *
 * Below the seam are packets, sequence numbers and retransmissions. Above it are the bytes of two streams, and
 * holes. Every byte of a stream is emitted exactly once, as data or as part of a hole, in the order in which it
 * was sent. The two streams are emitted in the order in which the capture shows them. */
#ifndef TAP_STREAM_FLOW_H
#define TAP_STREAM_FLOW_H

#include "tap/budget.h"
#include "tap/endpoint.h"
#include "wire/slice.h"

#include <stdint.h>

/* Who opened the connection and who accepted it. When the SYN was not seen this is a guess by port number (the
 * lower one accepts) until the protocol shows it. */
enum tap_peer { TAP_ORIGINATOR, TAP_RESPONDER, TAP_PEERS };

static inline enum tap_peer tap_peer_other(enum tap_peer peer)
{
	return peer == TAP_ORIGINATOR ? TAP_RESPONDER : TAP_ORIGINATOR;
}

struct tap_flow_info {
	struct tap_endpoint ends[TAP_PEERS];
	bool is_midstream; /* its SYN was not seen */
	const char *
	    certificate; /* the subject of the client's TLS certificate; borrowed until the flow is closed; NULL: none */
	uint64_t conn; /* the number of the connection in events; 0: the next one, once it is recognised */
};

/* Why bytes are missing. */
enum tap_hole {
	TAP_HOLE_LOST,  /* no packet of the capture has them */
	TAP_HOLE_CUT,   /* cut off by the capture's snapshot length */
	TAP_HOLE_LIMIT, /* given up: a memory limit was reached */
	TAP_HOLES
};

enum tap_end {
	TAP_END_CLOSED,   /* both ends sent FIN, or the only one that was captured */
	TAP_END_RESET,    /* RST */
	TAP_END_REPLACED, /* a new connection uses the same addresses and ports */
	TAP_END_EVICTED,  /* dropped: too many connections for the memory allowed */
	TAP_END_CAPTURE,  /* the capture ended first */
	/* Known to a source that carries the bytes: who ended the connection, after all its bytes were seen. */
	TAP_END_BY_CLIENT,
	TAP_END_BY_SERVER,
	TAP_END_RESET_BY_CLIENT,
	TAP_END_RESET_BY_SERVER,
	TAP_END_BY_PROXY,
	TAP_ENDS
};

/* Was all that belongs to a connection seen, when it ended this way? */
static inline bool tap_end_is_whole(enum tap_end why)
{
	return why == TAP_END_CLOSED || why >= TAP_END_BY_CLIENT;
}

/* Why bytes were not emitted for any connection. */
enum tap_left {
	TAP_LEFT_ENDED, /* they came after the end of their connection, and do not repeat what was emitted */
	TAP_LEFT_REFUSED, /* there was no memory for their connections */
	TAP_LEFT_EARLY,   /* they came late, and precede the first byte emitted of their stream */
	TAP_LEFTS
};

struct tap_leftover {
	enum tap_left why;
	uint64_t bytes;
	int64_t from_ns, to_ns; /* when they came */
};

/* TCP cuts data into segments of at least this size (RFC 9293, 3.7.1), except for the last one. */
enum { TAP_SEGMENT_BYTES_MIN = 536 };

/* The handler above the seam. `flow` is what open returned for the connection. A handler must not call back
 * into the stage below the seam. Times are those of the packets, in nanoseconds since the epoch, and never go
 * back within a stream: bytes that had to wait for earlier ones have the time of those, because no one could
 * read them before. When those never came, the bytes are emitted late, with the times of their own packets. */
struct tap_flow_handler {
	/* The first data of a connection was seen. Returns what to pass to the other calls; NULL: not
	 * interested, and no other call will come for this connection. */
	void *(*open)(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns);
	/* Bytes borrow the packet and are valid during the call. False: no longer interested; close is not
	 * called. */
	bool (*data)(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		     struct wire_slice bytes);
	/* So many bytes are missing. Result as of data. */
	bool (*hole)(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		     uint64_t bytes, enum tap_hole why);
	/* The last call for a connection. */
	void (*close)(struct tap_flow_handler *handler, void *flow, int64_t time_ns, enum tap_end why);
	/* Bytes that belong to no open connection. info: between which ends; NULL: of several connections.
	 * time_ns is now; left says when they came. May be NULL. */
	void (*leftover)(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			 const struct tap_leftover *left);
	/* The data just emitted ends a write: its segment had PSH set and was too short to have been cut by
	 * TCP. May be NULL. */
	void (*pushed)(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns);
};

#endif
