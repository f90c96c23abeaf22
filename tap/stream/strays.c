#include "tap/stream/strays.h"

#include "tap/stream/tcp_stream.h"

/* Segments are of one stream when they are at most this far apart. */
#define NEAR_BYTES (UINT32_C(16) << 20)

/* Limits for one stream. */
enum { COUNT_MAX = 32, KEPT_BYTES_MAX = 1 << 20 };

/* Take the oldest segment off the list. NULL when there is none. */
static struct tap__kept_segment *unchain(struct tap__strays *strays)
{
	struct tap__kept_segment *kept = strays->oldest;
	if (!kept)
		return NULL;
	strays->oldest = kept->next;
	if (!strays->oldest)
		strays->newest = NULL;
	strays->count--;
	strays->kept_bytes -= tap__kept_segment_memory(kept);
	return kept;
}

struct tap__kept_segment *tap__strays_remove(struct tap__stream_context *context, struct tap__strays *strays)
{
	struct tap__kept_segment *kept = unchain(strays);
	if (!kept)
		return NULL;
	context->stats.strays--;
	context->stats.stray_bytes -= tap__kept_segment_bytes(kept);
	return kept;
}

void tap__strays_fini(struct tap__stream_context *context, struct tap__strays *strays)
{
	struct tap__kept_segment *kept;
	while ((kept = unchain(strays)) != NULL)
		tap__kept_segment_free(kept, context->budget);
	*strays = (struct tap__strays){0};
}

/* Free the oldest segment. */
static void drop_oldest(struct tap__stream_context *context, struct tap__strays *strays)
{
	tap__kept_segment_free(unchain(strays), context->budget);
	strays->first = strays->oldest ? strays->oldest->seq : strays->end;
	for (const struct tap__kept_segment *kept = strays->oldest; kept; kept = kept->next)
		if ((int32_t)(kept->seq - strays->first) < 0)
			strays->first = kept->seq;
}

static void keep(struct tap__stream_context *context, struct tap__strays *strays,
		 const struct tap__range *range)
{
	struct tap__kept_segment *kept = tap__range_keep(range, context->budget);
	if (!kept)
		return;
	*(strays->newest ? &strays->newest->next : &strays->oldest) = kept;
	strays->newest = kept;
	strays->count++;
	strays->kept_bytes += tap__kept_segment_memory(kept);
	while (strays->count > COUNT_MAX || strays->kept_bytes > KEPT_BYTES_MAX)
		drop_oldest(context, strays);
}

bool tap__strays_has(const struct tap__strays *strays, uint32_t seq)
{
	return strays->is_used &&
	       seq - (strays->first - NEAR_BYTES) <= strays->end - strays->first + 2 * NEAR_BYTES;
}

/* Widen the range that is covered, at either end. */
static void extend(struct tap__strays *strays, const struct tap__range *range)
{
	uint32_t end = range->seq + tap__range_bytes(range);
	if ((int32_t)(range->seq - strays->first) < 0)
		strays->first = range->seq;
	if ((int32_t)(range->seq - strays->end) >= 0)
		strays->followers += tap__range_bytes(range) > 0;
	if ((int32_t)(end - strays->end) > 0)
		strays->end = end;
}

void tap__strays_add(struct tap__stream_context *context, struct tap__strays *strays,
		     const struct tap__range *range)
{
	if (!tap__strays_has(strays, range->seq))
		tap__strays_fini(context, strays);
	if (!strays->is_used)
		*strays = (struct tap__strays){.is_used = true, .first = range->seq, .end = range->seq};
	extend(strays, range);
	strays->idle = 0;
	context->stats.strays++;
	context->stats.stray_bytes += tap__range_bytes(range);
	if (tap__range_bytes(range) > 0)
		keep(context, strays, range);
}
