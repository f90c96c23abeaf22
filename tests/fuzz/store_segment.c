/* Fuzz target: read a segment file of any bytes as a segment, and verify it as a log. The checksums of headers, footer and
 * trailer are corrected first, so that any lengths, offsets and numbers reach the reader. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "store/care/verify.h"
#include "store/format/bytes.h"
#include "store/read/segment_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Correct the checksum of each header that begins with this magic: its last 8 bytes. */
static void mend(unsigned char *bytes, size_t size, const char *magic, size_t len)
{
	unsigned char *at = bytes;
	while ((at = memmem(at, size - (size_t)(at - bytes), magic, STORE_MAGIC_BYTES)) != NULL) {
		if (size - (size_t)(at - bytes) >= len)
			store__put_u64(at + len - 8, XXH3_64bits(at, len - 8));
		at += STORE_MAGIC_BYTES;
	}
}

/* Entries lie within the file, one after the other, and their sequence numbers rise. */
static void check_index(const struct store_segment_reader *segment)
{
	uint64_t end = STORE_FILE_HEADER_BYTES, next_seq = 1;
	for (size_t i = 0; i < segment->index.count; i++) {
		const struct store_index_entry *entry = &segment->index.entries[i];
		require(entry->offset >= end && entry->header.first_seq >= next_seq);
		end = entry->offset + store_block_bytes(&entry->header);
		next_seq = entry->header.first_seq + entry->header.events;
		require(end <= segment->file_bytes);
	}
	for (size_t i = 0; i < segment->damage_count; i++) {
		const struct store_damaged_range *damage = &segment->damage[i];
		require(damage->before <= segment->index.count);
		require(damage->offset + damage->bytes <= segment->file_bytes);
	}
}

static void read_segment(const char *path)
{
	struct store_segment_reader *segment;
	struct store_block *block = store_block_open();
	require(block != NULL);
	if (store_segment_reader_open(&segment, path, NULL) == 0) {
		check_index(segment);
		for (size_t i = 0; i < segment->index.count; i++)
			store_segment_reader_load_block(segment, i, STORE_FRAME_PAYLOADS, block);
		require(store_segment_reader_refresh(segment) == 0);
		store_segment_reader_close(segment);
	}
	store_block_close(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_verify_report report;
	char path[40];
	unsigned char *bytes = malloc(size + 1);
	int fd = memfd_create("segment", MFD_CLOEXEC);
	require(bytes && fd >= 0);
	memcpy(bytes, data, size);
	mend(bytes, size, STORE_FILE_MAGIC, STORE_FILE_HEADER_BYTES);
	mend(bytes, size, STORE_BLOCK_MAGIC, STORE_BLOCK_HEADER_BYTES);
	mend(bytes, size, STORE_FOOTER_MAGIC, STORE_FOOTER_HEADER_BYTES);
	mend(bytes, size, "TDTRAIL\n", STORE_TRAILER_BYTES);
	require(write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_segment(path);
	store_verify(path, false, &report, NULL, NULL, NULL, NULL);
	close(fd);
	free(bytes);
	return 0;
}
