/* range.h - a range of sequence numbers with the bytes that a segment has for it, and copies that are kept.
 * Internal to tap. */
#ifndef TAP_STREAM_RANGE_H
#define TAP_STREAM_RANGE_H

#include <stdint.h>

#include "tap/budget.h"
#include "tap/packet/packet.h"
#include "wire/slice.h"

/* The bytes of a segment, without its SYN. */
struct tap__range {
	uint32_t seq;
	struct wire_slice data; /* borrowed */
	uint32_t missing;       /* bytes after data that the snapshot length cut off */
	bool has_fin;           /* after these */
	bool is_pushed;         /* its sender set PSH */
	bool has_timestamp;
	uint32_t timestamp;
	int64_t time_ns;
};

static inline uint32_t tap__range_bytes(const struct tap__range *range)
{
	return (uint32_t)range->data.len + range->missing;
}

/* The payload of a segment as it was on the wire, in bytes. */
static inline uint32_t tap__segment_bytes(const struct tap_segment *segment)
{
	return (uint32_t)segment->payload.len + segment->missing_bytes;
}

/* The range of a segment; borrows its payload. */
struct tap__range tap__range_of(const struct tap_segment *segment, int64_t time_ns);

/* Remove bytes from the front. At most as many as the range has. */
void tap__range_trim_front(struct tap__range *range, uint32_t bytes);

/* Keep the first bytes only. FIN and PSH belong to the end, so they are dropped with it. */
void tap__range_trim_back(struct tap__range *range, uint32_t bytes);

/* The first bytes of a range as a range of its own. */
struct tap__range tap__range_first(struct tap__range range, uint32_t bytes);

/* A copy of a range, without FIN and timestamp, in a list. */
struct tap__kept_segment {
	struct tap__kept_segment *previous, *next;
	int64_t time_ns;
	uint32_t number;   /* of the segment among those of its stream that came out of order */
	uint32_t in_order; /* segments of its stream that came in order before it, while others were kept */
	uint32_t seq;
	uint32_t len;
	uint32_t missing;
	bool is_pushed;
	char data[];
};

static inline uint32_t tap__kept_segment_bytes(const struct tap__kept_segment *kept)
{
	return kept->len + kept->missing;
}

/* Copy a range. Returns owned, to be freed with tap__kept_segment_free; NULL when there is no memory. */
struct tap__kept_segment *tap__range_keep(const struct tap__range *range, struct tap_budget *budget);
void tap__kept_segment_free(struct tap__kept_segment *kept, struct tap_budget *budget);

/* The bytes of the budget that a kept segment uses. */
uint64_t tap__kept_segment_memory(const struct tap__kept_segment *kept);

/* The range that was kept; its data borrows the segment. */
struct tap__range tap__kept_segment_range(const struct tap__kept_segment *kept);

#endif
