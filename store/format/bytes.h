/* bytes.h - little-endian numbers, varints and a growing buffer: the elements of the format. */
#ifndef STORE_FORMAT_BYTES_H
#define STORE_FORMAT_BYTES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void store__put_u16(unsigned char *out, uint16_t value)
{
	out[0] = (unsigned char)value;
	out[1] = (unsigned char)(value >> 8);
}

static inline void store__put_u32(unsigned char *out, uint32_t value)
{
	store__put_u16(out, (uint16_t)value);
	store__put_u16(out + 2, (uint16_t)(value >> 16));
}

static inline void store__put_u64(unsigned char *out, uint64_t value)
{
	store__put_u32(out, (uint32_t)value);
	store__put_u32(out + 4, (uint32_t)(value >> 32));
}

static inline uint16_t store__get_u16(const unsigned char *in)
{
	return (uint16_t)(in[0] | in[1] << 8);
}

static inline uint32_t store__get_u32(const unsigned char *in)
{
	return store__get_u16(in) | (uint32_t)store__get_u16(in + 2) << 16;
}

static inline uint64_t store__get_u64(const unsigned char *in)
{
	return store__get_u32(in) | (uint64_t)store__get_u32(in + 4) << 32;
}

/* Varint: seven bits a byte, the least significant first, the top bit set on all but the last (LEB128). */
enum { STORE__VARINT_MAX = 10 };

static inline unsigned char *store__put_varint(unsigned char *out, uint64_t value)
{
	while (value >= 0x80) {
		*out++ = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	*out++ = (unsigned char)value;
	return out;
}

/* Zigzag: small numbers of either sign become small numbers. */
static inline uint64_t store__zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t store__unzigzag(uint64_t value)
{
	return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

/* A read position in bytes that cannot be trusted: once something does not fit, `bad` is set and all further reads return
 * 0, so that a caller checks only once, at the end. */
struct store__cursor {
	const unsigned char *at, *end;
	bool bad;
};

/* bytes may be NULL when len is 0. */
static inline struct store__cursor store__cursor(const void *bytes, size_t len)
{
	const unsigned char *start = len > 0 ? bytes : (const unsigned char *)"";
	return (struct store__cursor){.at = start, .end = start + len};
}

static inline size_t store__left(const struct store__cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline uint64_t store__get_varint(struct store__cursor *cursor)
{
	uint64_t value = 0;
	for (unsigned shift = 0; cursor->at < cursor->end && shift < 64; shift += 7) {
		unsigned char byte = *cursor->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	cursor->bad = true;
	cursor->at = cursor->end;
	return 0;
}

/* The next len bytes; NULL when there are fewer. */
static inline const unsigned char *store__get_bytes(struct store__cursor *cursor, uint64_t len)
{
	if (len > store__left(cursor)) {
		cursor->bad = true;
		cursor->at = cursor->end;
		return NULL;
	}
	cursor->at += len;
	return cursor->at - len;
}

/* Bytes in memory that grows; zeroed = empty. */
struct store__buffer {
	unsigned char *bytes;
	size_t len, cap;
};

/* Reserve room for `more` bytes after len; then `bytes` is not NULL, even when `more` is 0. 0; or -ENOMEM, then the buffer is
 * as it was. */
static inline int store__buffer_reserve(struct store__buffer *buffer, size_t more)
{
	if (buffer->bytes && buffer->cap - buffer->len >= more)
		return 0;
	size_t cap = buffer->cap ? buffer->cap : 4096;
	while (cap - buffer->len < more)
		cap *= 2;
	unsigned char *bytes = realloc(buffer->bytes, cap);
	if (!bytes)
		return -ENOMEM;
	buffer->bytes = bytes;
	buffer->cap = cap;
	return 0;
}

/* Append to room that was reserved. */
static inline void store__buffer_put(struct store__buffer *buffer, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(buffer->bytes + buffer->len, bytes, len);
	buffer->len += len;
}

static inline void store__buffer_put_varint(struct store__buffer *buffer, uint64_t value)
{
	buffer->len = (size_t)(store__put_varint(buffer->bytes + buffer->len, value) - buffer->bytes);
}

static inline void store__buffer_fini(struct store__buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct store__buffer){0};
}

/* Empty the buffer and free its memory beyond `keep` bytes. */
static inline void store__buffer_shrink(struct store__buffer *buffer, size_t keep)
{
	buffer->len = 0;
	if (buffer->cap <= keep)
		return;
	unsigned char *bytes = realloc(buffer->bytes, keep);
	if (bytes) {
		buffer->bytes = bytes;
		buffer->cap = keep;
	}
}

#endif
