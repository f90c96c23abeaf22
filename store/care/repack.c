#include "store/care/repack.h"
#include "store/read/decode_event.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "store/read/segment_reader.h"
#include "store/write/append.h"
#include "store/write/encode.h"

/* Blocks are small so that a reader can follow the log; no one follows a closed segment. */
bool store__repack_is_due(const struct store_index *index)
{
	uint64_t events = 0, bytes = 0;
	for (size_t i = 0; i < index->count; i++) {
		events += index->entries[i].header.events;
		bytes += index->entries[i].header.frames[STORE_FRAME_PAYLOADS].raw_bytes;
	}
	uint64_t full = events / STORE_BLOCK_EVENTS_MAX + bytes / STORE_BLOCK_PAYLOAD_BYTES + 1;
	return index->count > 2 * full;
}

struct repack {
	struct store_segment_reader *from;
	struct store__segment_writer to;
	struct store_block *block;
	struct store_batch *batch;
	struct store_encoder *encoder;
	uint64_t first_seq; /* of the batch */
	int level;
};

static int flush(struct repack *repack)
{
	const unsigned char *bytes;
	struct store_block_header header;
	if (store_batch_events(repack->batch) == 0)
		return 0;
	int64_t len =
	    store_encode(repack->encoder, repack->batch, repack->first_seq, repack->level, &bytes, &header);
	if (len < 0)
		return (int)len;
	store_batch_reset(repack->batch);
	return store__segment_writer_append(&repack->to, bytes, (size_t)len, &header);
}

/* Begin a new block after missing sequence numbers: the numbers within a block are consecutive. */
static int add(struct repack *repack, const struct wire_event *event)
{
	uint32_t batched = store_batch_events(repack->batch);
	int error = batched > 0 && event->seq != repack->first_seq + batched ? flush(repack) : 0;
	if (error)
		return error;
	if (store_batch_events(repack->batch) == 0)
		repack->first_seq = event->seq;
	error = store_batch_append(repack->batch, event);
	if (error != STORE_EFULL)
		return error;
	error = flush(repack);
	repack->first_seq = event->seq;
	return error ? error : store_batch_append(repack->batch, event);
}

static int copy_block(struct repack *repack, size_t entry)
{
	struct wire_event event;
	int error = store_segment_reader_load_block(repack->from, entry, STORE_FRAME_PAYLOADS, repack->block);
	for (uint32_t i = 0; i < repack->from->index.entries[entry].header.events && !error; i++) {
		store_block_event(repack->block, i, &event);
		error = add(repack, &event);
	}
	return error;
}

static int copy_all(struct repack *repack, const _Atomic bool *stop)
{
	int error = repack->from->damage_count > 0 ? STORE_EDAMAGE : 0;
	for (size_t i = 0; i < repack->from->index.count && !error; i++)
		error = atomic_load(stop) ? -ECANCELED : copy_block(repack, i);
	return error ? error : flush(repack);
}

/* Sync the new file before it replaces the old one. */
static int64_t replace_if_smaller(struct repack *repack, const char *temporary)
{
	uint64_t before = repack->from->end, after = repack->to.end;
	struct store__segment_end ended = store__segment_writer_finish(&repack->to, true);
	if (ended.error || !ended.is_closed)
		return ended.error;
	if (after > before - before / 5)
		return 0;
	if (rename(temporary, repack->from->path) != 0)
		return -errno;
	return (int64_t)(repack->from->file_bytes - ended.bytes);
}

static int open_repack(struct repack *repack, const char *path, const char *temporary)
{
	int error = store_segment_reader_open(&repack->from, path, NULL);
	if (error)
		return error;
	repack->block = store_block_open();
	repack->batch = store_batch_open();
	repack->encoder = store_encoder_open();
	if (!repack->block || !repack->batch || !repack->encoder)
		return -ENOMEM;
	store_encoder_set_log(repack->encoder, repack->from->header.log_id);
	/* The segment may have an older version, but it is written in ours. */
	struct store_file_header header = repack->from->header;
	header.major = STORE_VERSION_MAJOR;
	header.minor = STORE_VERSION_MINOR;
	return store__segment_writer_open(&repack->to, &store__system_io, strdup(temporary), &header);
}

static void close_repack(struct repack *repack)
{
	store__segment_writer_abandon(&repack->to);
	store_segment_reader_close(repack->from);
	store_block_close(repack->block);
	store_batch_close(repack->batch);
	store_encoder_close(repack->encoder);
}

int64_t store__repack(const char *path, int level, const _Atomic bool *stop)
{
	char *temporary;
	struct repack repack = {.to.fd = -1, .level = level};
	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return -ENOMEM;
	int64_t result = open_repack(&repack, path, temporary);
	if (result == 0)
		result = copy_all(&repack, stop);
	if (result == 0)
		result = replace_if_smaller(&repack, temporary);
	close_repack(&repack);
	if (result <= 0)
		unlink(temporary);
	free(temporary);
	return result;
}
