#include "store/hole.h"

static bool says(struct store_segment *segment, size_t entry, struct store_block *block, uint64_t to_seq)
{
	struct wire_event event;
	if (entry >= segment->index.count)
		return false;
	const struct store_block_header *header = &segment->index.entries[entry].header;
	if (!(header->kinds & 1u << WIRE_EVENT_GAP) ||
	    store_segment_load_block(segment, entry, STORE_FRAME_COLUMNS, block) != 0)
		return false;
	store_block_event(block, header->events - 1, &event);
	return event.kind == WIRE_EVENT_GAP && (event.flags & WIRE_EVENT_DAMAGE) && event.to_seq == to_seq;
}

bool store__hole_is_known(struct store_segment *segment, size_t entry, struct store_block *block,
			  uint64_t to_seq)
{
	return (entry > 0 && says(segment, entry - 1, block, to_seq)) || says(segment, entry, block, to_seq);
}
