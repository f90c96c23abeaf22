/* side.h - one side of a TCP connection put in order. Internal to tap; see tap/streams.h for what it does.
 *
 *	       first          next            hole          piece  piece
 *	  ─────┴── told ───────┴───────────────────────────┬──────┬──────┬──▶ sequence numbers, modulo 2^32
 *	                                   acked ┴          kept, none overlapping another
 *
 * All positions are taken relative to `next`: less than WINDOW ahead of it lies what may still come, up to as much
 * behind it what was told. An end (FIN) that no piece reaches is a piece without bytes. A side with pieces waits: it is
 * in the list of those that do, the longest waiting first. Functions that tell something return false once the handler
 * has said that the connection is of no interest: then the side must be forgotten (tap__side_fini). */
#ifndef TAP_SIDE_H
#define TAP_SIDE_H

#include "tap/streams.h"

struct tap__flow;

/* Bytes of one segment that are kept, and behind them those the snapshot length cut. */
struct tap__piece {
	struct tap__piece *previous, *next;
	int64_t time_ns;
	uint32_t number; /* of the segment among those of its side that came out of order */
	uint32_t seq;
	uint32_t len;
	uint32_t missing;
	bool is_pushed; /* as of a run */
	char data[];
};

struct tap__side {
	struct tap__flow *flow; /* whose side it is, and what its handler calls it */
	void *handle;
	enum tap_side which;
	bool is_known; /* its sequence numbers are; nothing below holds before */
	bool has_fin;
	bool saw_syn;
	uint32_t longest; /* segment so far */
	uint32_t first, next;
	uint32_t acked;  /* all before it the other side has; never before next */
	uint32_t fin;    /* when has_fin: behind the last byte */
	uint32_t strays; /* in a row */
	int64_t time_ns; /* of what was told last */

	struct tap__piece *first_piece, *last_piece;
	uint32_t pieces;
	uint32_t out_of_order;                            /* segments so far */
	uint64_t kept_bytes;                              /* memory of the pieces */
	int64_t waiting_since_ns;                         /* and without progress */
	struct tap__side *waiting_before, *waiting_after; /* in the list */
};

/* What all sides share. */
struct tap__assembly {
	struct tap_flow_handler *handler;
	struct tap_budget *budget;
	struct tap_streams_options options;
	struct tap_streams_stats stats;
	struct tap__side *longest_waiting, *last_waiting;
};

/* What a segment says of a side, SYN taken off. */
struct tap__run {
	uint32_t seq;
	struct wire_slice data;
	uint32_t missing; /* bytes behind data */
	bool has_fin;     /* behind these */
	bool is_pushed;   /* its sender asked to push it */
	int64_t time_ns;
};

/* The side begins with this byte. */
void tap__side_begin(struct tap__side *side, uint32_t seq);

/* Take what a segment brings. */
bool tap__side_take(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run);

/* The other side has all bytes before seq. */
bool tap__side_acknowledge(struct tap__assembly *assembly, struct tap__side *side, uint32_t seq,
			   int64_t time_ns);

/* Of a side that waits: give up the holes whose time is over. */
bool tap__side_expire(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* Nothing more will come: tell all that is kept or known of. */
bool tap__side_finish(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns,
		      enum tap_hole why);

/* Forget what is kept. */
void tap__side_fini(struct tap__assembly *assembly, struct tap__side *side);

/* Its last byte was told. */
static inline bool tap__side_is_done(const struct tap__side *side)
{
	return side->has_fin && side->next == side->fin;
}

#endif
