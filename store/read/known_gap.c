#include "store/read/known_gap.h"
#include "store/read/decode_event.h"

uint64_t store__known_gap_end(struct store_segment_reader *segment, size_t entry, struct store_block *block)
{
	struct wire_event event;
	const struct store_block_header *header = &segment->index.entries[entry].header;
	if (!(header->kinds & 1u << WIRE_EVENT_GAP) ||
	    store_segment_reader_load_block(segment, entry, STORE_FRAME_COLUMNS, block) != 0)
		return 0;
	store_block_event(block, header->events - 1, &event);
	bool declares = event.kind == WIRE_EVENT_GAP && (event.flags & WIRE_EVENT_DAMAGE);
	return declares && event.to_seq < UINT64_MAX ? event.to_seq + 1 : 0;
}

uint64_t store__known_gap_next_seq(struct store_segment_reader *segment, struct store_block *block)
{
	uint64_t next_seq = store_index_next_seq(&segment->index);
	if (segment->index.count == 0)
		return next_seq;
	uint64_t end = store__known_gap_end(segment, segment->index.count - 1, block);
	return end > next_seq ? end : next_seq;
}
