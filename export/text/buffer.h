/* buffer.h - bytes in memory, which grow.
 *
 * Out of memory is remembered in is_failed; what is added after that is lost. */
#ifndef EXPORT_TEXT_BUFFER_H
#define EXPORT_TEXT_BUFFER_H

#include <stdint.h>

#include "wire/slice.h"

/* Zeroed = empty. */
struct export_buffer {
	char *data; /* owned */
	size_t len, cap;
	bool is_failed;
};

void export_buffer_fini(struct export_buffer *buffer);

/* Make room for so many more bytes. False when out of memory. */
bool export_buffer_reserve(struct export_buffer *buffer, size_t more);

/* Inline: several calls for every event. */
static inline void export_buffer_bytes(struct export_buffer *buffer, const char *data, size_t len)
{
	if (len == 0 || (len > buffer->cap - buffer->len && !export_buffer_reserve(buffer, len)))
		return;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

static inline void export_buffer_slice(struct export_buffer *buffer, struct wire_slice slice)
{
	export_buffer_bytes(buffer, slice.data, slice.len);
}

#define EXPORT_BUFFER_LITERAL(buffer, literal) export_buffer_bytes(buffer, literal, sizeof(literal) - 1)

void export_buffer_decimal(struct export_buffer *buffer, uint64_t value);
/* 16 digits. */
void export_buffer_hex(struct export_buffer *buffer, uint64_t value);

#endif
