#include "store/format/format.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

#include "store/format/bytes.h"

/* Offsets are those of docs/format.md. */
enum {
	FILE_WRITTEN_BY = 56,
	FILE_PACKED_LEVEL = FILE_WRITTEN_BY + STORE_WRITTEN_BY,
	FILE_CHECKSUM = STORE_FILE_HEADER_BYTES - 8,
	BLOCK_FRAMES = 72,
	BLOCK_FRAME_BYTES = 16,
	BLOCK_LOG_ID = 120,
	BLOCK_CHECKSUM = STORE_BLOCK_HEADER_BYTES - 8,
};
static_assert(BLOCK_FRAMES + STORE_FRAMES * BLOCK_FRAME_BYTES == BLOCK_LOG_ID, "the frames' headers fit");

uint64_t store_block_body_bytes(const struct store_block_header *header)
{
	uint64_t bytes = 0;
	for (int i = 0; i < STORE_FRAMES; i++)
		bytes += header->frames[i].stored_bytes;
	return bytes;
}

uint64_t store_block_bytes(const struct store_block_header *header)
{
	return STORE_BLOCK_HEADER_BYTES + store_block_body_bytes(header);
}

void store_file_header_put(unsigned char *out, const struct store_file_header *header)
{
	memset(out, 0, STORE_FILE_HEADER_BYTES);
	memcpy(out, STORE_FILE_MAGIC, STORE_MAGIC_BYTES);
	store__put_u16(out + 8, header->major);
	store__put_u16(out + 10, header->minor);
	store__put_u32(out + 12, STORE_FILE_HEADER_BYTES);
	memcpy(out + 16, header->log_id, sizeof header->log_id);
	store__put_u64(out + 32, header->first_seq);
	store__put_u64(out + 40, (uint64_t)header->created_ns);
	store__put_u64(out + 48, header->next_conn);
	memcpy(out + FILE_WRITTEN_BY, header->written_by, STORE_WRITTEN_BY);
	out[FILE_PACKED_LEVEL] = header->packed_level;
	store__put_u64(out + FILE_CHECKSUM, XXH3_64bits(out, FILE_CHECKSUM));
}

int store_file_header_get(struct store_file_header *header, const unsigned char *in)
{
	if (memcmp(in, STORE_FILE_MAGIC, STORE_MAGIC_BYTES) != 0)
		return STORE_EFORMAT;
	/* Size, version and checksum have the same place in all versions, newer ones included. */
	if (store__get_u64(in + FILE_CHECKSUM) != XXH3_64bits(in, FILE_CHECKSUM))
		return STORE_EDAMAGE;
	uint16_t major = store__get_u16(in + 8);
	if (major > STORE_VERSION_MAJOR_MAX)
		return STORE_EVERSION;
	if (store__get_u32(in + 12) != STORE_FILE_HEADER_BYTES)
		return STORE_EDAMAGE;
	header->major = major;
	header->minor = store__get_u16(in + 10);
	memcpy(header->log_id, in + 16, sizeof header->log_id);
	header->first_seq = store__get_u64(in + 32);
	header->created_ns = (int64_t)store__get_u64(in + 40);
	header->next_conn = store__get_u64(in + 48);
	memcpy(header->written_by, in + FILE_WRITTEN_BY, STORE_WRITTEN_BY);
	header->written_by[STORE_WRITTEN_BY - 1] = '\0';
	header->packed_level = in[FILE_PACKED_LEVEL];
	return 0;
}

void store_block_header_put(unsigned char *out, const struct store_block_header *header)
{
	memset(out, 0, STORE_BLOCK_HEADER_BYTES);
	memcpy(out, STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES);
	store__put_u64(out + 8, header->first_seq);
	store__put_u32(out + 16, header->events);
	store__put_u32(out + 20, header->messages);
	store__put_u64(out + 24, (uint64_t)header->min_time_ns);
	store__put_u64(out + 32, (uint64_t)header->max_time_ns);
	store__put_u32(out + 40, header->kinds);
	store__put_u32(out + 44, header->payload_form);
	store__put_u64(out + 48, header->payload_bytes);
	store__put_u64(out + 56, header->deliveries);
	store__put_u64(out + 64, header->max_conn);
	for (int i = 0; i < STORE_FRAMES; i++) {
		unsigned char *frame = out + BLOCK_FRAMES + i * BLOCK_FRAME_BYTES;
		store__put_u32(frame, header->frames[i].stored_bytes);
		store__put_u32(frame + 4, header->frames[i].raw_bytes);
		store__put_u64(frame + 8, header->frames[i].checksum);
	}
	memcpy(out + BLOCK_LOG_ID, header->log_id, sizeof header->log_id);
	store__put_u64(out + BLOCK_CHECKSUM, XXH3_64bits(out, BLOCK_CHECKSUM));
}

static bool is_plausible(const struct store_block_header *header)
{
	if (header->events == 0 || header->events > STORE_BLOCK_EVENTS_MAX ||
	    header->messages > header->events || header->min_time_ns > header->max_time_ns ||
	    header->payload_form >= STORE_PAYLOAD_FORMS || header->first_seq == 0 ||
	    header->first_seq > UINT64_MAX - header->events)
		return false;
	for (int i = 0; i < STORE_FRAMES; i++)
		if (header->frames[i].raw_bytes > STORE_FRAME_RAW_MAX ||
		    header->frames[i].stored_bytes > header->frames[i].raw_bytes)
			return false;
	return true;
}

int store_block_header_get(struct store_block_header *header, const unsigned char *in)
{
	struct store_block_header found = {.first_seq = store__get_u64(in + 8),
					   .events = store__get_u32(in + 16),
					   .messages = store__get_u32(in + 20),
					   .min_time_ns = (int64_t)store__get_u64(in + 24),
					   .max_time_ns = (int64_t)store__get_u64(in + 32),
					   .kinds = store__get_u32(in + 40),
					   .payload_form = store__get_u32(in + 44),
					   .payload_bytes = store__get_u64(in + 48),
					   .deliveries = store__get_u64(in + 56),
					   .max_conn = store__get_u64(in + 64)};
	if (memcmp(in, STORE_BLOCK_MAGIC, STORE_MAGIC_BYTES) != 0)
		return STORE_EFORMAT;
	if (store__get_u64(in + BLOCK_CHECKSUM) != XXH3_64bits(in, BLOCK_CHECKSUM))
		return STORE_EDAMAGE;
	for (int i = 0; i < STORE_FRAMES; i++) {
		const unsigned char *frame = in + BLOCK_FRAMES + i * BLOCK_FRAME_BYTES;
		found.frames[i] = (struct store_frame_header){.stored_bytes = store__get_u32(frame),
							      .raw_bytes = store__get_u32(frame + 4),
							      .checksum = store__get_u64(frame + 8)};
	}
	memcpy(found.log_id, in + BLOCK_LOG_ID, sizeof found.log_id);
	if (!is_plausible(&found))
		return STORE_EDAMAGE;
	*header = found;
	return 0;
}
