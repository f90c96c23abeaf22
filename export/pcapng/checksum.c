#include "export/pcapng/checksum.h"

#include <string.h>

static uint32_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* Hot: twice for every byte of a message. */
static uint64_t sum_of(const unsigned char *bytes, size_t len)
{
	uint64_t sum = 0;
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum += word;
	}
	for (; len > 0; len -= len > 1 ? 2 : 1, bytes += 2) {
		half = 0;
		memcpy(&half, bytes, len > 1 ? 2 : 1);
		sum += half;
	}
	return sum;
}

/* A piece that begins at an odd place has its bytes in the other halves of the words. */
void export__checksum_add(struct export__checksum *checksum, const void *data, size_t len)
{
	uint64_t sum = sum_of(data, len);

	if (checksum->len % 2 == 1) {
		uint32_t word = fold(sum);
		sum = (word >> 8 | word << 8) & 0xffff;
	}
	checksum->sum += sum;
	checksum->len += len;
}

void export__checksum_put(const struct export__checksum *checksum, unsigned char out[2])
{
	uint16_t word = (uint16_t)~fold(checksum->sum);

	memcpy(out, &word, sizeof(word));
}
