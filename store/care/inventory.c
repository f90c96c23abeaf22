#include "store/care/inventory.h"

#include <errno.h>

#include "store/read/known_gap.h"
#include "store/read/log.h"
#include "store/read/segment_reader.h"

struct look {
	struct store_block *block; /* opened when a hole has to be explained */
	uint64_t next_seq; /* after the events so far, and those that are known to be lost; 0: none yet */
};

static void add_block(struct store_inventory_segment *found, const struct store_block_header *header)
{
	bool is_first = found->events == 0;
	found->events += header->events;
	found->messages += header->messages;
	found->last_seq = header->first_seq + header->events - 1;
	if (is_first || header->min_time_ns < found->from_ns)
		found->from_ns = header->min_time_ns;
	if (is_first || header->max_time_ns > found->to_ns)
		found->to_ns = header->max_time_ns;
	for (int i = 0; i < STORE_FRAMES; i++)
		found->raw_bytes += header->frames[i].raw_bytes;
}

/* The number after block `entry`, and after the events that a gap event at its end explains. Reads the block only before a hole. */
static uint64_t end_of(struct look *look, struct store_segment_reader *segment, size_t entry,
		       uint64_t following)
{
	const struct store_block_header *header = &segment->index.entries[entry].header;
	uint64_t end = header->first_seq + header->events;
	if (following == end || (!look->block && !(look->block = store_block_open())))
		return end;
	uint64_t known = store__known_gap_end(segment, entry, look->block);
	return known > end ? known : end;
}

static void count_holes(struct look *look, struct store_segment_reader *segment,
			struct store_inventory_segment *found)
{
	const struct store_index *index = &segment->index;
	for (size_t i = 0; i < index->count; i++) {
		uint64_t first = index->entries[i].header.first_seq;
		if (look->next_seq > 0 && first > look->next_seq)
			found->missing_events += first - look->next_seq;
		bool is_last = i + 1 == index->count;
		look->next_seq =
		    end_of(look, segment, i, is_last ? 0 : index->entries[i + 1].header.first_seq);
	}
}

static void describe(struct look *look, struct store_segment_reader *segment,
		     struct store_inventory_segment *found)
{
	found->header = segment->header;
	found->is_closed = segment->is_closed;
	found->has_bad_footer = segment->has_bad_footer;
	found->damaged_places = segment->damage_count;
	found->stored_bytes = segment->file_bytes;
	found->torn_bytes = segment->has_damaged_tail ? 0 : store_segment_reader_torn_bytes(segment);
	for (size_t i = 0; i < segment->index.count; i++)
		add_block(found, &segment->index.entries[i].header);
	count_holes(look, segment, found);
}

static void add(struct store_inventory *inventory, const struct store_inventory_segment *found)
{
	bool is_first = inventory->events == 0;
	inventory->segments++;
	inventory->open_segments += !found->is_closed && !found->is_unreadable;
	inventory->damaged_segments += store_inventory_is_damaged(found);
	inventory->stored_bytes += found->stored_bytes;
	inventory->missing_events += found->missing_events;
	if (found->header.written_by[0] && strcmp(found->header.written_by, "mark") != 0)
		memcpy(inventory->written_by, found->header.written_by, sizeof inventory->written_by);
	if (found->events == 0)
		return;
	if (is_first || found->from_ns < inventory->from_ns)
		inventory->from_ns = found->from_ns;
	if (is_first || found->to_ns > inventory->to_ns)
		inventory->to_ns = found->to_ns;
	if (is_first)
		inventory->first_seq = found->first_seq;
	inventory->last_seq = found->last_seq;
	inventory->events += found->events;
	inventory->messages += found->messages;
	inventory->raw_bytes += found->raw_bytes;
}

/* A file that nothing can be read of is damage; one that a writer has just begun is not. */
static int look_at(struct look *look, const struct store_log_segment *listed,
		   struct store_inventory_segment *found, struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	*found = (struct store_inventory_segment){
	    .path = listed->path, .first_seq = listed->first_seq, .stored_bytes = listed->bytes};
	if (listed->first_seq > 0)
		found->last_seq = listed->first_seq - 1;
	if (store_log_segment_is_stump(listed))
		return 0;
	int error = store_segment_reader_open(&segment, listed->path, fault);
	if (error == STORE_EDAMAGE || error == STORE_EFORMAT) {
		found->is_unreadable = true;
		look->next_seq = 0;
		return 0;
	}
	if (error)
		return error;
	if (segment->index.count > 0)
		found->first_seq = segment->index.entries[0].header.first_seq;
	describe(look, segment, found);
	store_segment_reader_close(segment);
	return 0;
}

int store_inventory_read(const char *path, struct store_inventory *inventory, store_inventory_report *report,
			 void *context, struct wire_fault *fault)
{
	struct store_log_segments segments;
	struct store_inventory_segment found;
	struct look look = {0};
	*inventory = (struct store_inventory){0};
	int error = store_log_list(&segments, path, fault);
	if (error)
		return error;
	for (size_t i = 0; i < segments.count && !error; i++) {
		error = look_at(&look, &segments.list[i], &found, fault);
		if (error == -ENOENT) {
			error = 0; /* retention took it */
			continue;
		}
		if (!error) {
			add(inventory, &found);
			if (report)
				report(context, &found);
		}
	}
	inventory->is_written = store_log_is_locked(path);
	store_log_segments_fini(&segments);
	store_block_close(look.block);
	return error;
}
