#include "store/read/locate.h"

#include <errno.h>

#include "store/read/log.h"
#include "store/read/segment_reader.h"

/* The entry of the block that holds the number; index.count: none. */
static size_t find_entry(const struct store_index *index, uint64_t seq)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct store_block_header *header = &index->entries[middle].header;
		if (header->first_seq + header->events <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->count && index->entries[low].header.first_seq <= seq ? low : index->count;
}

static int read_event(struct store_location *location, struct store_segment_reader *segment, size_t entry,
		      uint64_t seq)
{
	const struct store_block_header *header = &segment->index.entries[entry].header;
	uint32_t row = (uint32_t)(seq - header->first_seq);
	struct store_block *block = store_block_open();
	int error =
	    block ? store_segment_reader_load_block(segment, entry, STORE_FRAME_COLUMNS, block) : -ENOMEM;
	if (!error)
		*location = (struct store_location){.kind = store_block_kind(block, row),
						    .time_ns = store_block_time_ns(block, row),
						    .events = header->events,
						    .earliest_ns = header->min_time_ns,
						    .latest_ns = header->max_time_ns};
	store_block_close(block);
	return error;
}

static int locate_in(struct store_location *location, const char *path, uint64_t seq,
		     struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	int error = store_segment_reader_open(&segment, path, fault);
	if (error)
		return error;
	size_t entry = find_entry(&segment->index, seq);
	int status = entry < segment->index.count ? read_event(location, segment, entry, seq) : STORE_EDAMAGE;
	store_segment_reader_close(segment);
	if (status == 0)
		return 1;
	return status == STORE_EDAMAGE
		   ? 0
		   : wire_fault_set(fault, status, "%s: %s", path, wire_error_text(status));
}

int store_locate(struct store_location *location, const char *path, uint64_t seq, struct wire_fault *fault)
{
	struct store_log_segments segments;
	int status = store_log_list(&segments, path, fault);
	if (status != 0)
		return status;
	size_t after = 0;
	while (after < segments.count && segments.list[after].first_seq <= seq)
		after++;
	if (after > 0)
		status = locate_in(location, segments.list[after - 1].path, seq, fault);
	store_log_segments_fini(&segments);
	return status;
}
