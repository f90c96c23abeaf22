#include "store/care/damage_gap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/care/quarantine.h"
#include "store/write/append.h"
#include "store/write/encode.h"

uint64_t store__damage_gap_max_events(uint64_t bytes)
{
	uint64_t blocks = bytes / STORE_BLOCK_HEADER_BYTES;
	if (blocks > STORE_SEGMENT_BLOCKS_MAX)
		blocks = STORE_SEGMENT_BLOCKS_MAX;
	return blocks * STORE_BLOCK_EVENTS_MAX;
}

static int64_t encode(const struct store__damage_gap *lost, struct store_encoder *encoder,
		      struct store_batch *batch, const unsigned char **bytes,
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
	int error = store_batch_append(batch, &gap);
	return error ? error : store_encode(encoder, batch, lost->from_seq, 1, bytes, header);
}

unsigned char *store__damage_gap_block(const struct store__damage_gap *lost, const uint8_t log_id[16],
				       size_t *len, struct store_block_header *header)
{
	struct store_encoder *encoder = store_encoder_open();
	struct store_batch *batch = store_batch_open();
	const unsigned char *bytes;
	unsigned char *copy = NULL;
	int64_t got = -ENOMEM;
	if (encoder && batch) {
		store_encoder_set_log(encoder, log_id);
		got = encode(lost, encoder, batch, &bytes, header);
	}
	if (got > 0 && (copy = malloc((size_t)got)) != NULL) {
		memcpy(copy, bytes, (size_t)got);
		*len = (size_t)got;
	}
	store_encoder_close(encoder);
	store_batch_close(batch);
	return copy;
}

static int append(struct store__segment_writer *output, const struct store_file_header *header,
		  const struct store__damage_gap *lost)
{
	size_t len;
	struct store_block_header block;
	unsigned char *bytes = store__damage_gap_block(lost, header->log_id, &len, &block);
	int error = bytes ? store__segment_writer_append(output, bytes, len, &block) : -ENOMEM;
	free(bytes);
	return error;
}

int store__damage_gap_segment(const char *path, const struct store_file_header *header,
			      const struct store__damage_gap *lost)
{
	struct store__segment_writer output;
	unlink(path); /* of an interrupted attempt */
	int error = store__segment_writer_open(&output, &store__system_io, strdup(path), header);
	if (error)
		return error;
	error = append(&output, header, lost);
	struct store__segment_end ended = store__segment_writer_finish(&output, true);
	error = error ? error : ended.error;
	if (!error && !ended.is_closed)
		error = -ENOSPC;
	if (error)
		unlink(path);
	else
		store__set_file_time(path, lost->to_ns);
	return error;
}
