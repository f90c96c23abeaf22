#include "store/format/index.h"

#include <xxhash.h>
#include <zstd.h>

#include "store/format/bytes.h"

/* Offsets are those of docs/format.md. An entry is the block's offset and a copy of its header; a newer version may append
 * more to the entries. */
enum {
	FOOTER_CHECKSUM = STORE_FOOTER_HEADER_BYTES - 8,
	TRAILER_CHECKSUM = STORE_TRAILER_BYTES - 8,
	ENTRY_BYTES = 8 + STORE_BLOCK_HEADER_BYTES,
	FOOTER_RAW_MAX = 2 * STORE_SEGMENT_BLOCKS_MAX * ENTRY_BYTES,
	FOOTER_LEVEL = 3,
};

static const unsigned char trailer_magic[8] = {'T', 'D', 'T', 'R', 'A', 'I', 'L', '\n'};

void store_index_fini(struct store_index *index)
{
	free(index->entries);
	*index = (struct store_index){0};
}

int store_index_add(struct store_index *index, uint64_t offset, const struct store_block_header *header)
{
	if (index->count == index->cap) {
		size_t cap = index->cap ? index->cap * 2 : 64;
		struct store_index_entry *entries = realloc(index->entries, cap * sizeof *entries);
		if (!entries)
			return -ENOMEM;
		index->entries = entries;
		index->cap = cap;
	}
	index->entries[index->count++] = (struct store_index_entry){.offset = offset, .header = *header};
	return 0;
}

uint64_t store_index_end(const struct store_index *index)
{
	if (index->count == 0)
		return STORE_FILE_HEADER_BYTES;
	const struct store_index_entry *last = &index->entries[index->count - 1];
	return last->offset + store_block_bytes(&last->header);
}

uint64_t store_index_next_seq(const struct store_index *index)
{
	if (index->count == 0)
		return 1;
	const struct store_block_header *last = &index->entries[index->count - 1].header;
	return last->first_seq + last->events;
}

static void put_entries(unsigned char *out, const struct store_index *index)
{
	for (size_t i = 0; i < index->count; i++, out += ENTRY_BYTES) {
		store__put_u64(out, index->entries[i].offset);
		store_block_header_put(out + 8, &index->entries[i].header);
	}
}

static void put_trailer(unsigned char *out, uint64_t offset, uint64_t len)
{
	memcpy(out, trailer_magic, sizeof trailer_magic);
	store__put_u64(out + 8, offset);
	store__put_u64(out + 16, len);
	store__put_u64(out + TRAILER_CHECKSUM, XXH3_64bits(out, TRAILER_CHECKSUM));
}

static void put_footer_header(unsigned char *out, size_t count, size_t stored, size_t raw)
{
	memset(out, 0, STORE_FOOTER_HEADER_BYTES);
	memcpy(out, STORE_FOOTER_MAGIC, STORE_MAGIC_BYTES);
	store__put_u32(out + 8, (uint32_t)count);
	store__put_u32(out + 12, (uint32_t)stored);
	store__put_u32(out + 16, (uint32_t)raw);
	store__put_u64(out + 24, XXH3_64bits(out + STORE_FOOTER_HEADER_BYTES, stored));
	store__put_u64(out + FOOTER_CHECKSUM, XXH3_64bits(out, FOOTER_CHECKSUM));
}

unsigned char *store_index_write(const struct store_index *index, uint64_t offset, size_t *len)
{
	size_t raw_len = index->count * ENTRY_BYTES, bound = ZSTD_compressBound(raw_len);
	unsigned char *raw = malloc(raw_len + 1);
	unsigned char *out = malloc(STORE_FOOTER_HEADER_BYTES + bound + STORE_TRAILER_BYTES);
	size_t stored = 0;
	if (raw && out) {
		put_entries(raw, index);
		stored = ZSTD_compress(out + STORE_FOOTER_HEADER_BYTES, bound, raw, raw_len, FOOTER_LEVEL);
	}
	free(raw);
	if (stored == 0 || ZSTD_isError(stored)) {
		free(out);
		return NULL;
	}
	put_footer_header(out, index->count, stored, raw_len);
	*len = STORE_FOOTER_HEADER_BYTES + stored;
	put_trailer(out + *len, offset, *len);
	*len += STORE_TRAILER_BYTES;
	return out;
}

bool store_index_read_trailer(const unsigned char *in, uint64_t *offset, uint64_t *len)
{
	if (memcmp(in, trailer_magic, sizeof trailer_magic) != 0 ||
	    store__get_u64(in + TRAILER_CHECKSUM) != XXH3_64bits(in, TRAILER_CHECKSUM))
		return false;
	*offset = store__get_u64(in + 8);
	*len = store__get_u64(in + 16);
	return true;
}

static int read_entries(struct store_index *index, const unsigned char *raw, uint32_t count,
			uint64_t footer_offset)
{
	for (uint32_t i = 0; i < count; i++, raw += ENTRY_BYTES) {
		struct store_block_header header;
		uint64_t offset = store__get_u64(raw);
		if (store_block_header_get(&header, raw + 8) != 0 || offset > footer_offset ||
		    store_block_bytes(&header) > footer_offset - offset || offset < store_index_end(index) ||
		    header.first_seq < store_index_next_seq(index))
			return STORE_EDAMAGE;
		if (store_index_add(index, offset, &header) != 0)
			return -ENOMEM;
	}
	return 0;
}

bool store_index_read_header(const unsigned char *in, uint64_t *len)
{
	if (memcmp(in, STORE_FOOTER_MAGIC, STORE_MAGIC_BYTES) != 0 ||
	    store__get_u64(in + FOOTER_CHECKSUM) != XXH3_64bits(in, FOOTER_CHECKSUM))
		return false;
	*len = STORE_FOOTER_HEADER_BYTES + (uint64_t)store__get_u32(in + 12);
	return true;
}

/* Check the footer's header and its body's checksum. */
static bool is_footer(const unsigned char *footer, size_t len)
{
	uint64_t expected;
	return len >= STORE_FOOTER_HEADER_BYTES && store_index_read_header(footer, &expected) &&
	       len == expected &&
	       store__get_u64(footer + 24) ==
		   XXH3_64bits(footer + STORE_FOOTER_HEADER_BYTES, len - STORE_FOOTER_HEADER_BYTES);
}

int store_index_read(struct store_index *index, const unsigned char *footer, size_t len, uint64_t offset)
{
	if (!is_footer(footer, len))
		return STORE_EDAMAGE;
	uint32_t count = store__get_u32(footer + 8), raw_len = store__get_u32(footer + 16);
	if (raw_len > FOOTER_RAW_MAX || (uint64_t)count * ENTRY_BYTES > raw_len)
		return STORE_EDAMAGE;
	unsigned char *raw = malloc((size_t)raw_len + 1);
	if (!raw)
		return -ENOMEM;
	size_t got = ZSTD_decompress(raw, raw_len, footer + STORE_FOOTER_HEADER_BYTES,
				     len - STORE_FOOTER_HEADER_BYTES);
	int error =
	    ZSTD_isError(got) || got != raw_len ? STORE_EDAMAGE : read_entries(index, raw, count, offset);
	free(raw);
	if (error)
		store_index_fini(index);
	return error;
}
