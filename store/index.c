#include "store/index.h"

#include <xxhash.h>
#include <zstd.h>

#include "store/bytes.h"

/* Offsets are those of docs/format.md. An entry is the block's offset and a copy of its header. */
enum {
	FOOTER_HEADER_BYTES = 32,
	ENTRY_BYTES = 8 + STORE_BLOCK_HEADER_BYTES,
	ENTRIES_MAX = 1 << 20,
	FOOTER_LEVEL = 3,
};

static const unsigned char footer_magic[8] = {'T', 'D', 'F', 'O', 'O', 'T', 'E', 'R'};
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
	store__put_u64(out + 24, XXH3_64bits(out, 24));
}

unsigned char *store_index_write(const struct store_index *index, uint64_t offset, size_t *len)
{
	size_t raw_len = index->count * ENTRY_BYTES, bound = ZSTD_compressBound(raw_len);
	unsigned char *raw = malloc(raw_len + 1);
	unsigned char *out = malloc(FOOTER_HEADER_BYTES + bound + STORE_TRAILER_BYTES);
	if (raw && out) {
		put_entries(raw, index);
		size_t stored = ZSTD_compress(out + FOOTER_HEADER_BYTES, bound, raw, raw_len, FOOTER_LEVEL);
		memset(out, 0, FOOTER_HEADER_BYTES);
		memcpy(out, footer_magic, sizeof footer_magic);
		store__put_u32(out + 8, (uint32_t)index->count);
		store__put_u32(out + 12, (uint32_t)stored);
		store__put_u64(out + 16, XXH3_64bits(out + FOOTER_HEADER_BYTES, stored));
		store__put_u64(out + 24, XXH3_64bits(out, 24));
		*len = FOOTER_HEADER_BYTES + stored + STORE_TRAILER_BYTES;
		put_trailer(out + FOOTER_HEADER_BYTES + stored, offset, FOOTER_HEADER_BYTES + stored);
		free(raw);
		return out;
	}
	free(raw);
	free(out);
	return NULL;
}

bool store_index_read_trailer(const unsigned char *in, uint64_t *offset, uint64_t *len)
{
	if (memcmp(in, trailer_magic, sizeof trailer_magic) != 0 ||
	    store__get_u64(in + 24) != XXH3_64bits(in, 24))
		return false;
	*offset = store__get_u64(in + 8);
	*len = store__get_u64(in + 16);
	return true;
}

static int read_entries(struct store_index *index, const unsigned char *raw, uint32_t count)
{
	uint64_t end = STORE_FILE_HEADER_BYTES;
	for (uint32_t i = 0; i < count; i++, raw += ENTRY_BYTES) {
		struct store_block_header header;
		uint64_t offset = store__get_u64(raw);
		if (offset < end || store_block_header_get(&header, raw + 8) != 0)
			return STORE_EDAMAGE;
		if (store_index_add(index, offset, &header) != 0)
			return -ENOMEM;
		end = offset + store_block_bytes(&header);
	}
	return 0;
}

int store_index_read(struct store_index *index, const unsigned char *footer, size_t len)
{
	if (len < FOOTER_HEADER_BYTES || memcmp(footer, footer_magic, sizeof footer_magic) != 0 ||
	    store__get_u64(footer + 24) != XXH3_64bits(footer, 24))
		return STORE_EDAMAGE;
	uint32_t count = store__get_u32(footer + 8), stored = store__get_u32(footer + 12);
	const unsigned char *body = footer + FOOTER_HEADER_BYTES;
	if (count > ENTRIES_MAX || stored != len - FOOTER_HEADER_BYTES ||
	    store__get_u64(footer + 16) != XXH3_64bits(body, stored))
		return STORE_EDAMAGE;
	size_t raw_len = (size_t)count * ENTRY_BYTES;
	unsigned char *raw = malloc(raw_len + 1);
	if (!raw)
		return -ENOMEM;
	size_t got = ZSTD_decompress(raw, raw_len, body, stored);
	int error = ZSTD_isError(got) || got != raw_len ? STORE_EDAMAGE : read_entries(index, raw, count);
	free(raw);
	if (error)
		store_index_fini(index);
	return error;
}
