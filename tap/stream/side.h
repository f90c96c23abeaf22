/* side.h - one side of a TCP connection put in order. Internal to tap; see tap/stream/streams.h for what it does.
 *
 *	       first          next            hole          piece  piece       edge
 *	  ─────┴── told ───────┴───────────────────────────┬──────┬──────┬──────┴──▶ sequence numbers, modulo 2^32
 *	                                   acked ┴          kept, none overlapping another
 *
 * All positions are taken relative to `next`. Up to the edge of the window that the other side advertised lies what
 * TCP would take; a segment beyond it, or far behind, is set aside (tap/stream/aside.h). An end (FIN) that no piece reaches is
 * a piece without bytes. A side with pieces waits: it is in a list of those that do, the longest waiting first.
 *
 * The beginning of a side whose SYN was not seen settles: nothing is told for a moment, so that segments that the
 * capture has too late still find their place before it.
 *
 * Functions that tell something return false once the handler has said that the connection is of no interest: then the
 * side must be forgotten (tap__side_fini). */
#ifndef TAP_STREAM_SIDE_H
#define TAP_STREAM_SIDE_H

#include "tap/stream/aside.h"
#include "tap/stream/streams.h"

struct tap__flow;

struct tap__side {
	struct tap__flow *flow; /* whose side it is, and what its handler calls it */
	void *handle;
	enum tap_side which;
	uint8_t shift;      /* of the windows it advertises; TAP_NO_WINDOW_SHIFT: not known */
	bool has_hint;      /* not is_known, and the other side acknowledged all before `acked` */
	bool is_known;      /* its sequence numbers are; nothing below holds before */
	bool is_settling;   /* nothing was told, and earlier bytes may come */
	bool saw_syn;       /* it began there */
	bool has_fin;       /* one that nothing contradicts */
	bool is_fin_acked;  /* the other side has acknowledged it, and nothing behind it */
	bool has_edge;      /* the other side's window is known */
	bool has_claim;     /* the other side has acknowledged bytes that were not seen */
	bool has_timestamp; /* of segments taken in order */
	uint32_t longest;   /* segment so far */
	uint32_t first, next;
	uint32_t acked;          /* all before it the other side has; never before next */
	uint32_t edge;           /* the first byte that the other side would not take */
	uint32_t claim;          /* as acked, and to be confirmed by data */
	uint32_t claim_by;       /* sequence number of the segment that claimed */
	uint32_t fin;            /* behind the last byte */
	uint32_t timestamp;      /* the latest */
	uint32_t old_timestamps; /* segments in a row with much earlier ones */
	int64_t time_ns;         /* of what was told last */
	int64_t heard_ns;        /* when the other side last acknowledged something that was seen */

	struct tap__piece *first_piece, *last_piece;
	uint32_t pieces;
	uint32_t out_of_order;                            /* segments so far */
	uint32_t in_order;                                /* likewise, while pieces were kept */
	uint64_t kept_bytes;                              /* memory of the pieces */
	int64_t waiting_since_ns;                         /* and without progress */
	struct tap__side *waiting_before, *waiting_after; /* in the list */
	struct tap__aside aside;
	struct tap_leftover early;      /* bytes before first, which came too late */
	uint32_t early_far, early_near; /* where they are: so many bytes before first */
};

/* Sides that wait, the longest waiting first. */
struct tap__waiting {
	struct tap__side *longest, *last;
};

/* What all sides share. */
struct tap__assembly {
	struct tap_flow_handler *handler;
	struct tap_budget *budget;
	struct tap_streams_options options;
	struct tap_streams_stats stats;
	struct tap__waiting waiting, settling;
};

/* An acknowledgement that the other side sent. */
struct tap__ack {
	uint32_t seq;    /* all before it the sender has */
	uint32_t by;     /* sequence number of the segment that says so */
	uint16_t window; /* as sent */
	uint8_t shift;   /* of the window; TAP_NO_WINDOW_SHIFT: not known */
	int64_t time_ns;
};

/* Count bytes that belong to nothing that is told. */
void tap__leftover_add(struct tap_leftover *left, uint64_t bytes, int64_t time_ns);

/* The side begins with this byte, as its SYN said. */
void tap__side_begin(struct tap__side *side, uint32_t seq);

/* The side's SYN was not seen, and this is the first segment that was. */
void tap__side_begin_midstream(struct tap__side *side, uint32_t seq);

/* The side's own SYN, seen late: it begins with this byte. */
bool tap__side_note_syn(struct tap__assembly *assembly, struct tap__side *side, uint32_t seq,
			int64_t time_ns);

/* Are these bytes outside anything that TCP would take or has taken? */
bool tap__side_is_far(const struct tap__side *side, const struct tap__run *run);

/* Is it the number that the other side expects next, as far as the capture tells? */
bool tap__side_expects(const struct tap__side *side, uint32_t seq);

/* Take what a segment brings that is not far. */
bool tap__side_take(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run);

/* Set a far segment aside. */
void tap__side_set_aside(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run);

/* What is set aside is where the side goes on: the other side acknowledges bytes there, or enough segments in a row
 * follow on each other there. */
bool tap__side_has_moved(const struct tap__side *side);

/* How far before what is set aside the side is; >= 2^31: behind it. */
static inline uint32_t tap__side_distance(const struct tap__side *side)
{
	return side->aside.first - side->next;
}

/* Go on with what is set aside, which lies ahead: tell of a hole before it. */
bool tap__side_jump(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* Take the segments that another side had set aside. */
bool tap__side_adopt(struct tap__assembly *assembly, struct tap__side *side, struct tap__aside *aside);

/* The other side acknowledges bytes. */
bool tap__side_acknowledge(struct tap__assembly *assembly, struct tap__side *side,
			   const struct tap__ack *ack);

/* The same in a segment that is far itself: it counts for what is set aside only. */
void tap__side_claim(struct tap__side *side, const struct tap__ack *ack);

/* Of a side that waits: give up the holes whose time is over. */
bool tap__side_expire(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* The beginning is known: nothing earlier will come. */
bool tap__side_settle(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

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
