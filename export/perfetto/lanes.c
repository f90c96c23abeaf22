#include "export/perfetto/lanes.h"

#include <stdlib.h>

#include "trace/memory.h"

void export__lanes_fini(struct export__lanes *lanes)
{
	free(lanes->list);
}

/* The begin and the end of both are ordered by time, and at equal times the earlier slice's come first. */
static bool nests(int64_t earlier_start, int64_t earlier_end, int64_t start, int64_t end)
{
	const bool is_after = earlier_end <= start, is_before = end < earlier_start;
	const bool is_within = earlier_start <= start && end <= earlier_end;
	const bool is_around = start < earlier_start && earlier_end <= end;

	return is_after || is_before || is_within || is_around;
}

static bool takes(const struct export__lane *lane, int64_t start_ns, int64_t end_ns)
{
	const uint64_t len = lane->count < EXPORT__LANE_SLICES ? lane->count : EXPORT__LANE_SLICES;

	if (start_ns < lane->forgotten_until_ns)
		return false;
	for (uint64_t i = 0; i < len; i++)
		if (!nests(lane->slices[i].start_ns, lane->slices[i].end_ns, start_ns, end_ns))
			return false;
	return true;
}

static void put(struct export__lane *lane, int64_t start_ns, int64_t end_ns)
{
	const uint64_t at = lane->count++ % EXPORT__LANE_SLICES;

	if (lane->count > EXPORT__LANE_SLICES && lane->slices[at].end_ns > lane->forgotten_until_ns)
		lane->forgotten_until_ns = lane->slices[at].end_ns;
	lane->slices[at].start_ns = start_ns;
	lane->slices[at].end_ns = end_ns;
}

uint32_t export__lanes_find(struct export__lanes *lanes, int64_t start_ns, int64_t end_ns, uint32_t max)
{
	uint32_t number = 0;

	while (number < lanes->len && !takes(&lanes->list[number], start_ns, end_ns))
		number++;
	if (number == lanes->len) {
		if (number >= max || number >= EXPORT__LANES_MAX ||
		    (number == lanes->cap && !trace_grow(&lanes->list, &lanes->cap, (uint64_t)number + 1,
							 sizeof(*lanes->list), NULL)))
			return EXPORT__LANES_MAX;
		lanes->list[lanes->len++] = (struct export__lane){.forgotten_until_ns = INT64_MIN};
	}
	put(&lanes->list[number], start_ns, end_ns);
	return number;
}
