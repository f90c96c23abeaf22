/* flows.h - the connections that reassembly knows: how they come and go. Internal to tap; tap/stream/streams.c has what
 * segments do to them.
 *
 *	live ──▶ doubtful ──▶ tombstone ──▶ forgotten
 *	  ▲          │
 *	  └──────────┘  its data continues
 *
 * A doubtful connection has seen an end that TCP may have ignored. */
#ifndef TAP_STREAM_FLOWS_H
#define TAP_STREAM_FLOWS_H

#include "tap/stream/handshakes.h"
#include "tap/stream/side.h"
#include "tap/stream/table.h"

enum tap__life {
	TAP__LIVE,
	TAP__DOUBTFUL,
	TAP__TOMBSTONE, /* nothing more is told of it */
	TAP__LIVES
};

struct tap__flow {
	struct tap__entry entry; /* first: found by it */
	enum tap__life life;
	bool has_ended;      /* as a tombstone: rather than of no interest */
	bool has_rival;      /* a SYN passed that may open another connection between the same ends */
	enum tap_end end;    /* how it ended, or may have */
	enum tap_side ended; /* by which side */
	int64_t ended_ns;    /* when it has, or may have */
	uint32_t rival_fits; /* segments that fit the rival, and nothing has confirmed it yet */
	unsigned originator; /* which end of the key it is */
	void *handle;        /* what the handler calls it */
	struct tap__side sides[TAP_SIDES]; /* of a tombstone: only where they are */
	struct tap_leftover left;          /* of a tombstone: bytes that came after its end */
};

struct tap_streams {
	struct tap__assembly assembly;
	struct tap__handshakes handshakes;
	struct tap__table flows;
	struct tap__order orders[TAP__LIVES];
	int64_t time_ns;             /* of the latest segment, or look at the clock */
	struct tap_leftover refused; /* bytes that found no room, and were not reported yet */
};

/* Where a segment belongs. */
struct tap__place {
	struct tap__key key;
	uint64_t hash;
	unsigned from; /* the end that sent it */
};

static inline struct tap__side *tap__flow_side(struct tap__flow *flow, unsigned end)
{
	return &flow->sides[end == flow->originator ? TAP_ORIGINATOR : TAP_RESPONDER];
}

/* Open the connection of a segment with data. NULL when there is no room. It is a tombstone when the handler does not
 * want it. */
struct tap__flow *tap__flow_open(struct tap_streams *streams, const struct tap__place *place,
				 const struct tap_segment *segment, int64_t time_ns);

/* The handler does not want it. */
void tap__flow_lose_interest(struct tap_streams *streams, struct tap__flow *flow);

/* It may have ended: until it goes on, or has been silent for long. */
void tap__flow_doubt(struct tap_streams *streams, struct tap__flow *flow, enum tap_side by, int64_t time_ns,
		     enum tap_end why);
void tap__flow_trust(struct tap_streams *streams, struct tap__flow *flow);

/* It has ended: tell what is left and the end. */
void tap__flow_end(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why);

/* It gives its place to another; tells its end unless that was told. */
void tap__flow_forget(struct tap_streams *streams, struct tap__flow *flow, int64_t time_ns, enum tap_end why);

/* Free a connection, or all that are in one state, without telling an end. Bytes that came after the end are
 * reported. */
void tap__flow_remove(struct tap_streams *streams, struct tap__flow *flow);
void tap__flows_remove_all(struct tap_streams *streams, enum tap__life life);

/* Report the bytes that found no room. */
void tap__flows_report_refused(struct tap_streams *streams);

#endif
