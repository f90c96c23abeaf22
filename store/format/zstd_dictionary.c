#include "store/format/zstd_dictionary.h"

#include <string.h>
#include <xxhash.h>

#include "store/format/bytes.h"
#include "store/format/format.h"

enum { CHECKSUM = STORE_ZSTD_DICTIONARY_HEADER_BYTES - 8 };

void store_zstd_dictionary_header_put(unsigned char *out, const unsigned char *dictionary, size_t len)
{
	memset(out, 0, STORE_ZSTD_DICTIONARY_HEADER_BYTES);
	memcpy(out, STORE_ZSTD_DICTIONARY_MAGIC, STORE_MAGIC_BYTES);
	store__put_u32(out + 8, (uint32_t)len);
	store__put_u64(out + 16, XXH3_64bits(dictionary, len));
	store__put_u64(out + CHECKSUM, XXH3_64bits(out, CHECKSUM));
}

bool store_zstd_dictionary_header_get(struct store_zstd_dictionary_header *header, const unsigned char *in)
{
	*header = (struct store_zstd_dictionary_header){.bytes = store__get_u32(in + 8),
							.checksum = store__get_u64(in + 16)};
	return memcmp(in, STORE_ZSTD_DICTIONARY_MAGIC, STORE_MAGIC_BYTES) == 0 &&
	       store__get_u64(in + CHECKSUM) == XXH3_64bits(in, CHECKSUM) && header->bytes > 0 &&
	       header->bytes <= STORE_ZSTD_DICTIONARY_BYTES_MAX;
}

bool store_zstd_dictionary_is_whole(const struct store_zstd_dictionary_header *header,
				    const unsigned char *dictionary)
{
	return XXH3_64bits(dictionary, header->bytes) == header->checksum;
}
