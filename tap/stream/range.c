#include "tap/stream/range.h"

#include <stdlib.h>
#include <string.h>

struct tap__range tap__range_of(const struct tap_segment *segment, int64_t time_ns)
{
	return (struct tap__range){.seq = segment->seq + (segment->flags & TAP_TCP_SYN ? 1 : 0),
				   .data = segment->payload,
				   .missing = segment->missing_bytes,
				   .has_fin = (segment->flags & TAP_TCP_FIN) != 0,
				   .is_pushed = (segment->flags & TAP_TCP_PSH) != 0,
				   .has_timestamp = segment->has_timestamp,
				   .timestamp = segment->timestamp,
				   .time_ns = time_ns};
}

void tap__range_trim_front(struct tap__range *range, uint32_t bytes)
{
	uint32_t data = bytes < range->data.len ? bytes : (uint32_t)range->data.len;
	range->seq += bytes;
	if (data > 0)
		range->data = wire_slice(range->data.data + data, range->data.len - data);
	range->missing -= bytes - data;
}

void tap__range_trim_back(struct tap__range *range, uint32_t bytes)
{
	if (bytes >= tap__range_bytes(range))
		return;
	range->has_fin = range->is_pushed = false;
	if (bytes >= range->data.len) {
		range->missing = bytes - (uint32_t)range->data.len;
		return;
	}
	range->data.len = bytes;
	range->missing = 0;
}

struct tap__range tap__range_first(struct tap__range range, uint32_t bytes)
{
	tap__range_trim_back(&range, bytes);
	return range;
}

static uint64_t memory_bytes(uint32_t data_bytes)
{
	return sizeof(struct tap__kept_segment) + data_bytes;
}

struct tap__kept_segment *tap__range_keep(const struct tap__range *range, struct tap_budget *budget)
{
	uint32_t len = (uint32_t)range->data.len;
	if (!tap_budget_take(budget, memory_bytes(len)))
		return NULL;
	struct tap__kept_segment *kept = malloc(memory_bytes(len));
	if (!kept) {
		tap_budget_give(budget, memory_bytes(len));
		return NULL;
	}
	*kept = (struct tap__kept_segment){.time_ns = range->time_ns,
					   .seq = range->seq,
					   .len = len,
					   .missing = range->missing,
					   .is_pushed = range->is_pushed};
	if (len > 0)
		memcpy(kept->data, range->data.data, len);
	return kept;
}

uint64_t tap__kept_segment_memory(const struct tap__kept_segment *kept)
{
	return memory_bytes(kept->len);
}

struct tap__range tap__kept_segment_range(const struct tap__kept_segment *kept)
{
	return (struct tap__range){.seq = kept->seq,
				   .data = wire_slice(kept->data, kept->len),
				   .missing = kept->missing,
				   .is_pushed = kept->is_pushed,
				   .time_ns = kept->time_ns};
}

void tap__kept_segment_free(struct tap__kept_segment *kept, struct tap_budget *budget)
{
	tap_budget_give(budget, memory_bytes(kept->len));
	free(kept);
}
