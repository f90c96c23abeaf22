#include "store/care/repack.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/care/event_file.h"
#include "store/care/quarantine.h"
#include "store/care/replace.h"
#include "store/care/same_segment.h"
#include "store/care/train.h"
#include "store/read/decode_event.h"
#include "store/read/segment_reader.h"

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
	const struct store_repack_options *options;
	const char *path, *temporary;
	struct store_segment_reader *from;
	struct store__event_file to;
	struct store_block *block;
	unsigned char *dictionary; /* owned; NULL: none is used */
	size_t dictionary_len;
};

static bool is_stopped(const struct repack *repack)
{
	return repack->options->stop && atomic_load(repack->options->stop);
}

/* ---- the new file ---- */

static int copy_block(struct repack *repack, size_t entry)
{
	struct wire_event event;
	int error = store_segment_reader_load_block(repack->from, entry, STORE_FRAME_PAYLOADS, repack->block);
	for (uint32_t i = 0; i < repack->from->index.entries[entry].header.events && !error; i++) {
		store_block_event(repack->block, i, &event);
		error = store__event_file_add(&repack->to, &event);
	}
	return error;
}

/* The segment may have another version, but it is written in ours. */
static int begin(struct repack *repack)
{
	struct store_file_header header = repack->from->header;
	header.major = repack->dictionary ? STORE_VERSION_MAJOR_ZSTD_DICTIONARY : STORE_VERSION_MAJOR;
	header.minor = repack->dictionary ? STORE_VERSION_MINOR_ZSTD_DICTIONARY : STORE_VERSION_MINOR;
	header.packed_level = repack->options->packs ? (uint8_t)repack->options->level : 0;
	int error = store__event_file_init(&repack->to, header.log_id, repack->options->level);
	repack->block = store_block_open();
	if (error || !repack->block)
		return -ENOMEM;
	error = store__event_file_begin(&repack->to, strdup(repack->temporary), &header);
	if (!error && repack->dictionary)
		error = store__event_file_use(&repack->to, repack->dictionary, repack->dictionary_len);
	return error;
}

/* Returns the bytes of the new file, or a negative code. */
static int64_t write_new(struct repack *repack)
{
	int error = 0;
	if (repack->options->packs)
		error = store__train(repack->from, repack->options->level, repack->options->stop,
				     &repack->dictionary, &repack->dictionary_len);
	error = error ? error : begin(repack);
	for (size_t i = 0; i < repack->from->index.count && !error; i++)
		error = is_stopped(repack) ? -ECANCELED : copy_block(repack, i);
	if (error)
		return error;
	struct store__segment_end ended = store__event_file_end(&repack->to);
	return ended.error ? ended.error : (int64_t)ended.bytes;
}

/* ---- the exchange ---- */

/* The new file gets the owner, the group and the mode of the old one: `pack` may run as root. */
static int keep_owner(const struct repack *repack)
{
	struct stat from, to;
	if (fstat(repack->from->fd, &from) != 0 || stat(repack->temporary, &to) != 0)
		return -errno;
	if ((from.st_uid != to.st_uid || from.st_gid != to.st_gid) &&
	    chown(repack->temporary, from.st_uid, from.st_gid) != 0)
		return -errno;
	return chmod(repack->temporary, from.st_mode & 07777) == 0 ? 0 : -errno;
}

static int replace(struct repack *repack)
{
	int error = 0;
	if (repack->options->packs)
		error = store__same_segment(repack->from, repack->temporary, repack->options->stop);
	error = error ? error : keep_owner(repack);
	if (error)
		return error;
	store__set_file_time(repack->temporary, repack->from->modified_ns);
	return store__replace(repack->path, repack->temporary);
}

static int64_t rewrite(struct repack *repack)
{
	unlink(repack->temporary); /* an interrupted attempt left it */
	if (repack->options->packs && repack->from->header.packed_level >= repack->options->level)
		return 0;
	int64_t after = write_new(repack), before = (int64_t)repack->from->file_bytes;
	uint32_t gain = repack->options->least_gain;
	if (after < 0)
		return after;
	if (after >= before || (gain > 0 && after > before - before / gain))
		return 0;
	int error = replace(repack);
	return error ? error : before - after;
}

/* Lock the segment, unless it was replaced since it was opened. */
static int lock(const struct repack *repack)
{
	if (flock(repack->from->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return STORE_ELOCKED;
	return store__is_file_at(repack->from->fd, repack->path) ? 0 : STORE_ELOCKED;
}

int64_t store_repack(const char *path, const struct store_repack_options *options)
{
	char *temporary;
	struct repack repack = {.options = options, .path = path, .to.segment.fd = -1};
	int64_t result = store_segment_reader_open(&repack.from, path, NULL);
	if (result)
		return result;
	if (asprintf(&temporary, "%s.tmp", path) < 0)
		temporary = NULL;
	repack.temporary = temporary;
	result = temporary ? lock(&repack) : -ENOMEM;
	if (result == 0) {
		bool is_whole = repack.from->damage_count == 0;
		result = !repack.from->is_closed ? STORE_ELOCKED
			 : is_whole              ? rewrite(&repack)
						 : STORE_EDAMAGE;
		if (result <= 0)
			unlink(temporary);
	}
	store__event_file_fini(&repack.to);
	store_block_close(repack.block);
	free(repack.dictionary);
	store_segment_reader_close(repack.from);
	free(temporary);
	return result;
}
