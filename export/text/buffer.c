#include "export/text/buffer.h"

#include <stdlib.h>

#include "wire/write.h"

enum { FIRST_BYTES = 256 };

void export_buffer_fini(struct export_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct export_buffer){0};
}

bool export_buffer_reserve(struct export_buffer *buffer, size_t more)
{
	size_t cap = buffer->cap > 0 ? buffer->cap : FIRST_BYTES;

	while (cap - buffer->len < more)
		cap *= 2;
	char *data = realloc(buffer->data, cap);

	if (!data) {
		buffer->is_failed = true;
		return false;
	}
	buffer->data = data;
	buffer->cap = cap;
	return true;
}

void export_buffer_decimal(struct export_buffer *buffer, uint64_t value)
{
	char digits[20];

	export_buffer_bytes(buffer, digits, wire_write_decimal(digits, value));
}

void export_buffer_hex(struct export_buffer *buffer, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	char hex[16];

	for (int i = 15; i >= 0; i--, value >>= 4)
		hex[i] = digits[value & 15];
	export_buffer_bytes(buffer, hex, sizeof(hex));
}
