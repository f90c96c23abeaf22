/* flows.h - the connections that reassembly knows: how they are opened, ended and removed. Internal to tap.
 *
 * Segments are taken by tap/stream/live_flow.h, tap/stream/tombstone.h and tap/stream/flow_syn.h.
 *
 *	live ──▶ doubtful ──▶ tombstone ──▶ removed
 *	  ▲          │
 *	  └──────────┘  its data continues
 *
 * A connection is doubtful after an end that TCP may have ignored. */
#ifndef TAP_STREAM_FLOWS_H
#define TAP_STREAM_FLOWS_H

#include "tap/stream/flow_table.h"
#include "tap/stream/handshakes.h"
#include "tap/stream/tcp_stream.h"

enum tap__life {
	TAP__LIVE,
	TAP__DOUBTFUL,
	TAP__TOMBSTONE, /* nothing more is emitted for it */
	TAP__LIVES
};

struct tap__flow {
	struct tap__flow_entry entry; /* first: an entry is its flow */
	enum tap__life life;
	bool has_ended;      /* of a tombstone: it ended; otherwise the handler does not want it */
	bool has_rival;      /* a SYN was seen that may open another connection between the same ends */
	enum tap_end end;    /* how it ended, or may have ended */
	enum tap_peer ended; /* who ended it */
	int64_t ended_ns;    /* when it ended, or may have ended */
	uint32_t rival_fits; /* segments that fit the rival, which nothing has confirmed yet */
	unsigned originator; /* which end of the key */
	void *handle;        /* what the handler calls it */
	struct tap__tcp_stream streams[TAP_PEERS]; /* of a tombstone: their positions only */
	struct tap_leftover left;                  /* of a tombstone: bytes that came after its end */
};

struct tap_reassembly {
	struct tap__stream_context context;
	struct tap__handshakes handshakes;
	struct tap__flow_table flows;
	struct tap__lru lrus[TAP__LIVES];
	int64_t time_ns;             /* of the latest segment or call of expire */
	struct tap_leftover refused; /* bytes of connections without memory, not reported yet */
};

/* Where a segment belongs. */
struct tap__place {
	struct tap__flow_key key;
	uint64_t hash;
	unsigned from; /* the end that sent it */
};

static inline struct tap__tcp_stream *tap__flow_stream(struct tap__flow *flow, unsigned end)
{
	return &flow->streams[end == flow->originator ? TAP_ORIGINATOR : TAP_RESPONDER];
}

/* Have both streams ended? */
static inline bool tap__flow_is_over(const struct tap__flow *flow)
{
	return tap__tcp_stream_is_done(&flow->streams[TAP_ORIGINATOR]) &&
	       tap__tcp_stream_is_done(&flow->streams[TAP_RESPONDER]);
}

/* Open the connection of a segment with data. It is a tombstone when the handler does not want it. NULL when
 * there is no memory. */
struct tap__flow *tap__flow_open(struct tap_reassembly *reassembly, const struct tap__place *place,
				 const struct tap_segment *segment, int64_t time_ns);

/* Make it a tombstone: the handler does not want it. */
void tap__flow_lose_interest(struct tap_reassembly *reassembly, struct tap__flow *flow);

/* It may have ended: mark it doubtful, or trust it again because its data continues. */
void tap__flow_doubt(struct tap_reassembly *reassembly, struct tap__flow *flow, enum tap_peer by,
		     int64_t time_ns, enum tap_end why);
void tap__flow_trust(struct tap_reassembly *reassembly, struct tap__flow *flow);

/* It has ended: emit what is left, report the end, and make it a tombstone. */
void tap__flow_end(struct tap_reassembly *reassembly, struct tap__flow *flow, int64_t time_ns,
		   enum tap_end why);

/* Remove it in favour of another connection. Reports its end unless that was reported. */
void tap__flow_forget(struct tap_reassembly *reassembly, struct tap__flow *flow, int64_t time_ns,
		      enum tap_end why);

/* Free a connection, or all connections in one state, without reporting an end. Bytes that came after the end
 * are reported. */
void tap__flow_remove(struct tap_reassembly *reassembly, struct tap__flow *flow);
void tap__flows_remove_all(struct tap_reassembly *reassembly, enum tap__life life);

/* Report the bytes of connections for which there was no memory. */
void tap__flows_report_refused(struct tap_reassembly *reassembly);

#endif
