#include "store/care/lost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/care/aside.h"
#include "store/write/encode.h"

uint64_t store__lost_most_events(uint64_t bytes)
{
	uint64_t blocks = bytes / STORE_BLOCK_HEADER_BYTES;
	if (blocks > STORE_SEGMENT_BLOCKS_MAX)
		blocks = STORE_SEGMENT_BLOCKS_MAX;
	return blocks * STORE_BLOCK_EVENTS_MAX;
}

static int64_t encode(const struct store__lost *lost, struct store_encoder *encoder,
		      struct store_stage *stage, const unsigned char **bytes,
		      struct store_block_header *header)
{
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .flags = WIRE_EVENT_DAMAGE,
				       .time_ns = lost->to_ns,
				       .text = wire_slice_str(lost->text),
				       .lost_messages = lost->messages,
				       .from_ns = lost->from_ns < lost->to_ns ? lost->from_ns : lost->to_ns,
				       .to_ns = lost->to_ns,
				       .from_seq = lost->from_seq,
				       .to_seq = lost->to_seq};
	int error = store_stage_append(stage, &gap);
	return error ? error : store_encode(encoder, stage, lost->from_seq, 1, bytes, header);
}

unsigned char *store__lost_block(const struct store__lost *lost, const uint8_t log_id[16], size_t *len,
				 struct store_block_header *header)
{
	struct store_encoder *encoder = store_encoder_open();
	struct store_stage *stage = store_stage_open();
	const unsigned char *bytes;
	unsigned char *copy = NULL;
	int64_t got = -ENOMEM;
	if (encoder && stage) {
		store_encoder_set_log(encoder, log_id);
		got = encode(lost, encoder, stage, &bytes, header);
	}
	if (got > 0 && (copy = malloc((size_t)got)) != NULL) {
		memcpy(copy, bytes, (size_t)got);
		*len = (size_t)got;
	}
	store_encoder_close(encoder);
	store_stage_close(stage);
	return copy;
}

static int append(struct store__output *output, const struct store_file_header *header,
		  const struct store__lost *lost)
{
	size_t len;
	struct store_block_header block;
	unsigned char *bytes = store__lost_block(lost, header->log_id, &len, &block);
	int error = bytes ? store__output_append(output, bytes, len, &block) : -ENOMEM;
	free(bytes);
	return error;
}

int store__lost_segment(const char *path, const struct store_file_header *header,
			const struct store__lost *lost)
{
	struct store__output output;
	unlink(path); /* what an interrupted attempt left */
	int error = store__output_open(&output, &store__system_io, strdup(path), header);
	if (error)
		return error;
	error = append(&output, header, lost);
	struct store__ended ended = store__output_finish(&output, true);
	error = error ? error : ended.error;
	if (!error && !ended.is_closed)
		error = -ENOSPC;
	if (error)
		unlink(path);
	else
		store__aside_keep_time(path, lost->to_ns);
	return error;
}
