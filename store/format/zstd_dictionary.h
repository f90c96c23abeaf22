/* zstd_dictionary.h - the zstd dictionary of a segment, between the file header and the blocks (docs/format.md). Internal to store. */
#ifndef STORE_FORMAT_ZSTD_DICTIONARY_H
#define STORE_FORMAT_ZSTD_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_ZSTD_DICTIONARY_MAGIC "TDDICTS\n"

enum { STORE_ZSTD_DICTIONARY_HEADER_BYTES = 32, STORE_ZSTD_DICTIONARY_BYTES_MAX = 1 << 20 };

/* The dictionary stands after the file header, in this form. */
struct store_zstd_dictionary_header {
	uint32_t bytes;
	uint64_t checksum; /* XXH3-64 of them */
};

/* out has room for STORE_ZSTD_DICTIONARY_HEADER_BYTES. */
void store_zstd_dictionary_header_put(unsigned char *out, const unsigned char *dictionary, size_t len);

/* False when in[0..STORE_ZSTD_DICTIONARY_HEADER_BYTES) is no such header. */
bool store_zstd_dictionary_header_get(struct store_zstd_dictionary_header *header, const unsigned char *in);

/* The bytes are those that the header was made for. */
bool store_zstd_dictionary_is_whole(const struct store_zstd_dictionary_header *header,
				    const unsigned char *dictionary);

#endif
