/* buffer.h - bytes that grow. Internal to wire/mask. */
#ifndef WIRE_MASK_BUFFER_H
#define WIRE_MASK_BUFFER_H

#include "wire/slice.h"

/* Zeroed: empty. */
struct wire__mask_buffer {
	char *data; /* owned */
	size_t len, cap;
};

void wire__mask_buffer_fini(struct wire__mask_buffer *buffer);

/* Empty it; memory that one large event left is given back. */
void wire__mask_buffer_reset(struct wire__mask_buffer *buffer);

/* Make room for so many bytes in all. False when out of memory. What is in the buffer may move. */
bool wire__mask_buffer_reserve(struct wire__mask_buffer *buffer, size_t bytes);

/* Append, within the room that was made. */
static inline void wire__mask_buffer_add(struct wire__mask_buffer *buffer, const char *data, size_t len)
{
	if (len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

static inline void wire__mask_buffer_fill(struct wire__mask_buffer *buffer, char byte, size_t len)
{
	if (len > 0)
		memset(buffer->data + buffer->len, byte, len);
	buffer->len += len;
}

static inline struct wire_slice wire__mask_buffer_slice(const struct wire__mask_buffer *buffer)
{
	return wire_slice(buffer->data, buffer->len);
}

#endif
