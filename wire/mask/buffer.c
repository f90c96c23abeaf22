#include "wire/mask/buffer.h"

#include <stdlib.h>

enum { LEAST = 512, KEPT_MAX = 1 << 20 };

void wire__mask_buffer_fini(struct wire__mask_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct wire__mask_buffer){0};
}

void wire__mask_buffer_reset(struct wire__mask_buffer *buffer)
{
	buffer->len = 0;
	if (buffer->cap > KEPT_MAX)
		wire__mask_buffer_fini(buffer);
}

bool wire__mask_buffer_reserve(struct wire__mask_buffer *buffer, size_t bytes)
{
	if (bytes <= buffer->cap)
		return true;
	size_t cap = buffer->cap * 2 > bytes ? buffer->cap * 2 : bytes;
	cap = cap > LEAST ? cap : LEAST;
	char *grown = realloc(buffer->data, cap);
	if (!grown)
		return false;
	buffer->data = grown;
	buffer->cap = cap;
	return true;
}
