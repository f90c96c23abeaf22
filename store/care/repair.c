#include "store/care/repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/care/damage_gap.h"
#include "store/care/quarantine.h"
#include "store/read/find_blocks.h"
#include "store/read/known_gap.h"

struct repair {
	struct store_segment_reader *from;
	struct store__segment_writer to;
	struct store_block *block;
	uint64_t next_seq;      /* after the events that were written or declared lost */
	uint64_t lost_messages; /* in damaged blocks since then */
	int64_t time_ns;        /* of the last event that was written */
};

/* Write a gap event for the events from next_seq up to end_seq, if there are any. */
static int put_gap(struct repair *repair, uint64_t end_seq, int64_t time_ns)
{
	size_t len;
	struct store_block_header header;
	if (end_seq <= repair->next_seq)
		return 0;
	const struct store__damage_gap lost = {.from_seq = repair->next_seq,
					       .to_seq = end_seq - 1,
					       .messages = repair->lost_messages,
					       .from_ns = repair->time_ns ? repair->time_ns : time_ns,
					       .to_ns = time_ns,
					       .text = "a repair removed damaged blocks"};
	unsigned char *bytes = store__damage_gap_block(&lost, repair->from->header.log_id, &len, &header);
	int error = bytes ? store__segment_writer_append(&repair->to, bytes, len, &header) : -ENOMEM;
	free(bytes);
	return error;
}

/* Copy the block as it is. When only its header is damaged, take the copy from the footer. */
static int copy_block(struct repair *repair, size_t entry)
{
	struct store_segment_reader *from = repair->from;
	const struct store_index_entry *indexed = &from->index.entries[entry];
	size_t len = (size_t)store_block_bytes(&indexed->header);
	from->frame.len = 0;
	if (store__buffer_reserve(&from->frame, len))
		return -ENOMEM;
	int error = store__read_at(from->fd, indexed->offset, from->frame.bytes, len);
	if (error)
		return error == -ENODATA ? STORE_EDAMAGE : error;
	if (store_segment_reader_check_header(from, entry) != 0)
		store_block_header_put(from->frame.bytes, &indexed->header);
	return store__segment_writer_append(&repair->to, from->frame.bytes, len, &indexed->header);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int take_block(struct repair *repair, size_t entry)
{
	const struct store_block_header *header = &repair->from->index.entries[entry].header;
	int error = store_segment_reader_load_block(repair->from, entry, STORE_FRAME_PAYLOADS, repair->block);
	if (error == STORE_EDAMAGE) {
		repair->lost_messages += header->messages;
		return 0;
	}
	error = error ? error : put_gap(repair, header->first_seq, header->min_time_ns);
	error = error ? error : copy_block(repair, entry);
	repair->next_seq = larger(header->first_seq + header->events,
				  store__known_gap_end(repair->from, entry, repair->block));
	repair->lost_messages = 0;
	repair->time_ns = header->max_time_ns;
	return error;
}

/* Write the whole blocks of the segment, and gap events in the place of the others. */
static int rewrite_blocks(struct repair *repair)
{
	const struct store_index *index = &repair->from->index;
	int error = 0;
	for (size_t i = 0; i < index->count && !error; i++)
		error = take_block(repair, i);
	if (error || index->count == 0)
		return error;
	return put_gap(repair, store_index_next_seq(index),
		       index->entries[index->count - 1].header.max_time_ns);
}

static int rewrite(struct repair *repair, const char *temporary)
{
	unlink(temporary);
	int error = store__segment_writer_open(&repair->to, &store__system_io, strdup(temporary),
					       &repair->from->header);
	if (error)
		return error;
	if (repair->from->dictionary)
		error = store__segment_writer_put_dictionary(&repair->to, repair->from->dictionary_bytes,
							     repair->from->dictionary_len);
	error = error ? error : rewrite_blocks(repair);
	struct store__segment_end ended = store__segment_writer_finish(&repair->to, true);
	if (!error && !ended.is_closed)
		error = -ENOSPC;
	return error ? error : ended.error;
}

static bool is_damaged(struct repair *repair)
{
	struct store_segment_reader *segment = repair->from;
	bool damaged = segment->damage_count > 0;
	for (size_t i = 0; i < segment->index.count && !damaged; i++)
		damaged =
		    store_segment_reader_load_block(segment, i, STORE_FRAME_PAYLOADS, repair->block) != 0 ||
		    store_segment_reader_check_header(segment, i) != 0;
	return damaged;
}

/* 1 when the segment was rewritten, 0 when it is whole, or a negative code. */
static int rewrite_if_damaged(struct repair *repair, const char *path, char **kept_as)
{
	char *temporary;
	if (!is_damaged(repair))
		return 0;
	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return -ENOMEM;
	int error = rewrite(repair, temporary);
	if (!error)
		store__set_file_time(temporary, repair->from->modified_ns);
	error = error ? error : store__quarantine_swap(path, temporary, "damaged", kept_as);
	if (error)
		unlink(temporary);
	free(temporary);
	return error ? error : 1;
}

int store__repair_segment(const char *path, char **kept_as, struct wire_fault *fault)
{
	struct repair repair = {.to.fd = -1};
	*kept_as = NULL;
	int error = store_segment_reader_open(&repair.from, path, fault);
	if (error)
		return error == -ENOENT ? 0 : error;
	repair.next_seq = repair.from->header.first_seq;
	repair.block = store_block_open();
	int status = repair.block ? rewrite_if_damaged(&repair, path, kept_as) : -ENOMEM;
	store_segment_reader_close(repair.from);
	store_block_close(repair.block);
	return status < 0
		   ? wire_fault_set(fault, status, "%s: cannot repair: %s", path, wire_error_text(status))
		   : status;
}
