#include "store/read/locate.h"

#include <errno.h>

#include "store/read/log.h"
#include "store/read/segment_reader.h"

/* The first entry whose block ends after the number; index.count: none. */
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
	return low;
}

static void add_damage(struct wire_damage *damage, uint64_t events)
{
	damage->places++;
	damage->events += events;
}

static void add_block(struct store_location *location, const struct store_block_header *header)
{
	location->events += header->events;
	if (header->min_time_ns < location->earliest_ns)
		location->earliest_ns = header->min_time_ns;
	if (header->max_time_ns > location->latest_ns)
		location->latest_ns = header->max_time_ns;
}

/* The block, and blocks before and then after it: the last block of a log may be small. */
static void add_blocks(struct store_location *location, const struct store_index *index, size_t entry)
{
	size_t first = entry, last = entry;
	add_block(location, &index->entries[entry].header);
	while (location->events < STORE_LOCATION_EVENTS && first > 0)
		add_block(location, &index->entries[--first].header);
	while (location->events < STORE_LOCATION_EVENTS && last + 1 < index->count)
		add_block(location, &index->entries[++last].header);
}

static int read_event(struct store_location *location, struct store_segment_reader *segment, size_t entry,
		      uint64_t seq)
{
	const struct store_block_header *header = &segment->index.entries[entry].header;
	uint32_t row = (uint32_t)(seq - header->first_seq);
	struct store_block *block = store_block_open();
	int error =
	    block ? store_segment_reader_load_block(segment, entry, STORE_FRAME_COLUMNS, block) : -ENOMEM;
	if (!error) {
		*location = (struct store_location){.kind = store_block_kind(block, row),
						    .time_ns = store_block_time_ns(block, row),
						    .earliest_ns = INT64_MAX,
						    .latest_ns = INT64_MIN};
		add_blocks(location, &segment->index, entry);
	}
	store_block_close(block);
	return error;
}

/* 1 with *location, 0, or a negative code. */
static int locate_in(struct store_location *location, struct store_segment_reader *segment, uint64_t seq,
		     struct wire_damage *damage)
{
	size_t entry = find_entry(&segment->index, seq);
	if (entry == segment->index.count || segment->index.entries[entry].header.first_seq > seq) {
		uint64_t missing = store_segment_reader_missing(segment, entry);
		if (missing > 0)
			add_damage(damage, missing);
		return 0;
	}
	int error = read_event(location, segment, entry, seq);
	if (error != STORE_EDAMAGE)
		return error ? error : 1;
	add_damage(damage, segment->index.entries[entry].header.events);
	return 0;
}

/* The segment that begins last before the number; NULL: none. */
static const struct store_log_segment *find_segment(const struct store_log_segments *segments, uint64_t seq)
{
	size_t after = 0;
	while (after < segments->count && segments->list[after].first_seq <= seq)
		after++;
	return after > 0 ? &segments->list[after - 1] : NULL;
}

static int locate(struct store_location *location, const struct store_log_segments *segments, uint64_t seq,
		  struct wire_damage *damage, struct wire_fault *fault)
{
	const struct store_log_segment *listed = find_segment(segments, seq);
	struct store_segment_reader *segment;
	if (!listed)
		return 0;
	int status = store_segment_reader_open(&segment, listed->path, fault);
	if (store_log_segment_is_unreadable(listed, status)) {
		if (!store_log_segment_is_stump(listed))
			add_damage(damage, store_log_segment_events(segments, listed));
		return 0;
	}
	if (status != 0)
		return status;
	status = locate_in(location, segment, seq, damage);
	store_segment_reader_close(segment);
	return status < 0 ? wire_fault_set(fault, status, "%s: %s", listed->path, wire_error_text(status))
			  : status;
}

int store_locate(struct store_location *location, const char *path, uint64_t seq, struct wire_damage *damage,
		 struct wire_fault *fault)
{
	struct store_log_segments segments;
	int status = store_log_list(&segments, path, fault);
	if (status != 0)
		return status;
	status = locate(location, &segments, seq, damage, fault);
	store_log_segments_fini(&segments);
	return status;
}
