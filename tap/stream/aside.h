/* aside.h - segments of a side that TCP would not take: kept until something confirms that the side goes on there.
 * Internal to tap.
 *
 * A forged segment, or an old one, is far from where its side is, and so is the first one after a long loss in the
 * capture, and the first of a new connection on the same ports. Segments that lie near each other are kept together;
 * one that is elsewhere begins anew. Few are kept: when more come the oldest goes. */
#ifndef TAP_STREAM_ASIDE_H
#define TAP_STREAM_ASIDE_H

#include "wire/slice.h"

#include <stdint.h>

struct tap__assembly;

/* Bytes of one segment that are kept, and behind them those the snapshot length cut. */
struct tap__piece {
	struct tap__piece *previous, *next;
	int64_t time_ns;
	uint32_t number;   /* of the segment among those of its side that came out of order */
	uint32_t in_order; /* segments of its side that had come in order, while others waited */
	uint32_t seq;
	uint32_t len;
	uint32_t missing;
	bool is_pushed; /* as of a run */
	char data[];
};

/* What a segment says of a side, SYN taken off. */
struct tap__run {
	uint32_t seq;
	struct wire_slice data;
	uint32_t missing; /* bytes behind data */
	bool has_fin;     /* behind these */
	bool is_pushed;   /* its sender asked to push it */
	bool has_timestamp;
	uint32_t timestamp;
	int64_t time_ns;
};

static inline uint32_t tap__run_bytes(const struct tap__run *run)
{
	return (uint32_t)run->data.len + run->missing;
}

struct tap__aside {
	struct tap__piece *oldest, *newest; /* with bytes; chained by next */
	bool is_used;
	uint32_t first, end; /* where the segments are */
	uint32_t followers;  /* segments with bytes in a row, each after the one before */
	uint32_t idle;       /* segments of the side taken elsewhere since the last one */
	uint32_t pieces;
	uint64_t kept_bytes; /* memory of the pieces */
};

/* Keep a segment, if there is memory. Counts it as stray. */
void tap__aside_put(struct tap__assembly *assembly, struct tap__aside *aside, const struct tap__run *run);

/* Is a sequence number where the segments are? */
bool tap__aside_has(const struct tap__aside *aside, uint32_t seq);

/* Take the oldest segment out; it is a stray no more. NULL when there is none. To be freed by tap__aside_free. */
struct tap__piece *tap__aside_remove(struct tap__assembly *assembly, struct tap__aside *aside);
void tap__aside_free(struct tap__assembly *assembly, struct tap__piece *piece);

/* Forget the segments. */
void tap__aside_fini(struct tap__assembly *assembly, struct tap__aside *aside);

#endif
