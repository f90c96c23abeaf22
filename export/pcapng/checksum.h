/* checksum.h - the Internet checksum (RFC 1071) of bytes that come in pieces. Internal to export/pcapng. */
#ifndef EXPORT_PCAPNG_CHECKSUM_H
#define EXPORT_PCAPNG_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is the sum of no bytes. */
struct export__checksum {
	uint64_t sum; /* of 16-bit words in the order of memory, not folded */
	size_t len;   /* bytes so far */
};

/* Add the next bytes, fewer than 4 GiB in all. */
void export__checksum_add(struct export__checksum *checksum, const void *data, size_t len);

/* Write the checksum of all bytes as it stands in a header. */
void export__checksum_put(const struct export__checksum *checksum, unsigned char out[2]);

#endif
