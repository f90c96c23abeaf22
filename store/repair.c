#include "store/repair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/encode.h"
#include "store/log.h"
#include "store/output.h"
#include "store/recover.h"
#include "store/segment.h"

struct repair {
	struct store_segment *from;
	struct store__output to;
	struct store_block *block;
	struct store_stage *stage;
	struct store_encoder *encoder;
	uint64_t next_seq;      /* behind what was written */
	uint64_t lost_messages; /* of damaged blocks since */
};

/* All events from next_seq up to end_seq are lost; nothing to do when there are none. */
static int put_gap(struct repair *repair, uint64_t end_seq, int64_t time_ns)
{
	const unsigned char *bytes;
	struct store_block_header header;
	if (end_seq <= repair->next_seq)
		return 0;
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .flags = WIRE_EVENT_DAMAGE,
				       .time_ns = time_ns,
				       .text = WIRE_LITERAL("damaged blocks were taken out by a repair"),
				       .lost_messages = repair->lost_messages,
				       .from_ns = time_ns,
				       .to_ns = time_ns,
				       .from_seq = repair->next_seq,
				       .to_seq = end_seq - 1};
	store_stage_reset(repair->stage);
	int error = store_stage_append(repair->stage, &gap);
	int64_t len =
	    error ? error
		  : store_encode(repair->encoder, repair->stage, repair->next_seq, 1, &bytes, &header);
	return len < 0 ? (int)len : store__output_append(&repair->to, bytes, (size_t)len, &header);
}

/* The block as it is. Where only its header is damaged, the footer had told it. */
static int copy_block(struct repair *repair, size_t entry)
{
	struct store_segment *from = repair->from;
	const struct store_index_entry *indexed = &from->index.entries[entry];
	size_t len = (size_t)store_block_bytes(&indexed->header);
	from->frame.len = 0;
	if (store__buffer_reserve(&from->frame, len))
		return -ENOMEM;
	ssize_t got = pread(from->fd, from->frame.bytes, len, (off_t)indexed->offset);
	if (got != (ssize_t)len)
		return got < 0 ? -errno : STORE_EDAMAGE;
	if (store_segment_check_header(from, entry) != 0)
		store_block_header_put(from->frame.bytes, &indexed->header);
	return store__output_append(&repair->to, from->frame.bytes, len, &indexed->header);
}

static int take_block(struct repair *repair, size_t entry)
{
	const struct store_block_header *header = &repair->from->index.entries[entry].header;
	int error = store_segment_load_block(repair->from, entry, STORE_FRAME_PAYLOADS, repair->block);
	if (error == STORE_EDAMAGE) {
		repair->lost_messages += header->messages;
		return 0;
	}
	error = error ? error : put_gap(repair, header->first_seq, header->min_time_ns);
	error = error ? error : copy_block(repair, entry);
	repair->next_seq = header->first_seq + header->events;
	repair->lost_messages = 0;
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

static int open_parts(struct repair *repair, const char *temporary)
{
	repair->stage = store_stage_open();
	repair->encoder = store_encoder_open();
	if (!repair->stage || !repair->encoder)
		return -ENOMEM;
	store_encoder_set_log(repair->encoder, repair->from->header.log_id);
	unlink(temporary);
	return store__output_open(&repair->to, &store__system_io, strdup(temporary), &repair->from->header);
}

static int rewrite(struct repair *repair, const char *temporary)
{
	int error = open_parts(repair, temporary);
	error = error ? error : rewrite_blocks(repair);
	if (repair->to.fd < 0)
		return error;
	struct store__ended ended = store__output_finish(&repair->to, true);
	if (!error && !ended.is_closed)
		error = -ENOSPC;
	return error ? error : ended.error;
}

/* Give the original another name, *aside, and its own to the repaired one. */
static int swap_in(const char *path, const char *temporary, char **aside)
{
	int error = -EEXIST;
	for (int number = 1; number <= STORE_ASIDE_MAX && error == -EEXIST; number++) {
		free(*aside);
		*aside = store_log_aside_path(path, "damaged", number);
		error = !*aside ? -ENOMEM : link(path, *aside) != 0 ? -errno : 0;
	}
	if (!error && rename(temporary, path) != 0)
		error = -errno;
	return error;
}

static bool is_damaged(struct repair *repair)
{
	struct store_segment *segment = repair->from;
	bool damaged = segment->damage_count > 0;
	for (size_t i = 0; i < segment->index.count && !damaged; i++)
		damaged = store_segment_load_block(segment, i, STORE_FRAME_PAYLOADS, repair->block) != 0 ||
			  store_segment_check_header(segment, i) != 0;
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
	error = error ? error : swap_in(path, temporary, aside);
	if (error) {
		unlink(temporary);
		free(*aside);
		*aside = NULL;
	}
	free(temporary);
	return error ? error : 1;
}

static int repair_closed(const char *path, char **aside, struct wire_fault *fault)
{
	struct repair repair = {.to.fd = -1};
	int error = store_segment_open(&repair.from, path, fault);
	if (error)
		return error == -ENOENT ? 0 : error;
	repair.next_seq = repair.from->header.first_seq;
	repair.block = store_block_open();
	int status = repair.block ? rewrite_if_damaged(&repair, path, aside) : -ENOMEM;
	store_segment_close(repair.from);
	store_block_close(repair.block);
	store_stage_close(repair.stage);
	store_encoder_close(repair.encoder);
	return status < 0
		   ? wire_fault_set(fault, status, "%s: cannot repair: %s", path, wire_error_text(status))
		   : status;
}

int store__repair_segment(const char *path, char **aside, struct wire_fault *fault)
{
	*aside = NULL;
	int recovered = store_recover_segment(path, NULL, fault);
	if (recovered == STORE_EDAMAGE || recovered == STORE_EFORMAT)
		return 0; /* nothing to build on */
	if (recovered < 0)
		return recovered;
	int repaired = repair_closed(path, aside, fault);
	return repaired < 0 ? repaired : repaired || recovered;
}
