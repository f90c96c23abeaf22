#include "store/care/repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/care/aside.h"
#include "store/care/lost.h"
#include "store/read/find_blocks.h"
#include "store/read/known_gap.h"

struct repair {
	struct store_segment_reader *from;
	struct store__output to;
	struct store_block *block;
	uint64_t next_seq;      /* after what was written, and what it declares lost */
	uint64_t lost_messages; /* of damaged blocks since */
	int64_t time_ns;        /* of the last event that was written */
};

/* All events from next_seq up to end_seq are lost; nothing to do when there are none. */
static int put_gap(struct repair *repair, uint64_t end_seq, int64_t time_ns)
{
	size_t len;
	struct store_block_header header;
	if (end_seq <= repair->next_seq)
		return 0;
	const struct store__lost lost = {.from_seq = repair->next_seq,
					 .to_seq = end_seq - 1,
					 .messages = repair->lost_messages,
					 .from_ns = repair->time_ns ? repair->time_ns : time_ns,
					 .to_ns = time_ns,
					 .text = "damaged blocks were taken out by a repair"};
	unsigned char *bytes = store__lost_block(&lost, repair->from->header.log_id, &len, &header);
	int error = bytes ? store__output_append(&repair->to, bytes, len, &header) : -ENOMEM;
	free(bytes);
	return error;
}

/* The block as it is. Where only its header is damaged, the footer had told it. */
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
	return store__output_append(&repair->to, from->frame.bytes, len, &indexed->header);
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

/* The whole blocks of the segment, with a gap event where others were. */
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
	int error =
	    store__output_open(&repair->to, &store__system_io, strdup(temporary), &repair->from->header);
	if (error)
		return error;
	error = rewrite_blocks(repair);
	struct store__ended ended = store__output_finish(&repair->to, true);
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
static int rewrite_if_damaged(struct repair *repair, const char *path, char **aside)
{
	char *temporary;
	if (!is_damaged(repair))
		return 0;
	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return -ENOMEM;
	int error = rewrite(repair, temporary);
	if (!error)
		store__aside_keep_time(temporary, repair->from->modified_ns);
	error = error ? error : store__aside_swap(path, temporary, "damaged", aside);
	if (error)
		unlink(temporary);
	free(temporary);
	return error ? error : 1;
}

int store__repair_segment(const char *path, char **aside, struct wire_fault *fault)
{
	struct repair repair = {.to.fd = -1};
	*aside = NULL;
	int error = store_segment_reader_open(&repair.from, path, fault);
	if (error)
		return error == -ENOENT ? 0 : error;
	repair.next_seq = repair.from->header.first_seq;
	repair.block = store_block_open();
	int status = repair.block ? rewrite_if_damaged(&repair, path, aside) : -ENOMEM;
	store_segment_reader_close(repair.from);
	store_block_close(repair.block);
	return status < 0
		   ? wire_fault_set(fault, status, "%s: cannot repair: %s", path, wire_error_text(status))
		   : status;
}
