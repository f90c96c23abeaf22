/* strays.h - segments that TCP would not take, kept until something confirms that their stream continues there.
 * Internal to tap.
 *
 * A forged or old segment lies far from its stream. So does the first segment after a long loss in the capture, and the
 * first of a new connection on the same ports. Strays that lie near each other are kept together; a stray elsewhere
 * replaces them. Few are kept: the oldest is dropped when more come. */
#ifndef TAP_STREAM_STRAYS_H
#define TAP_STREAM_STRAYS_H

#include <stdbool.h>

#include "tap/stream/range.h"

struct tap__stream_context;

struct tap__strays {
	struct tap__kept_segment *oldest, *newest; /* those with bytes; chained by next */
	bool is_used;
	uint32_t first, end; /* the sequence numbers that they cover */
	uint32_t followers;  /* segments with bytes, each of which began after the end of those before */
	uint32_t idle;       /* segments that the stream took elsewhere since the last stray */
	uint32_t count;      /* of kept segments */
	uint64_t kept_bytes; /* memory of these */
};

/* Count a segment as a stray, and keep it when there is memory. */
void tap__strays_add(struct tap__stream_context *context, struct tap__strays *strays,
		     const struct tap__range *range);

/* Is a sequence number near the strays? */
bool tap__strays_has(const struct tap__strays *strays, uint32_t seq);

/* Take the oldest segment out; it no longer counts as a stray. Returns owned; NULL when there is none. */
struct tap__kept_segment *tap__strays_remove(struct tap__stream_context *context, struct tap__strays *strays);

/* Free all strays. */
void tap__strays_fini(struct tap__stream_context *context, struct tap__strays *strays);

#endif
