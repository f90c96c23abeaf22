/* text_buffer.h - text of a bounded length, for a format whose length has a limit. */
#ifndef EXPORT_SEQUENCE_TEXT_BUFFER_H
#define EXPORT_SEQUENCE_TEXT_BUFFER_H

#include "wire/slice.h"

struct export_text_buffer {
	char *text; /* owned by the caller; size bytes */
	size_t len, size;
	bool is_full; /* a text did not fit and was left out */
};

static inline void export_text_buffer_put(struct export_text_buffer *buffer, const char *text, size_t len)
{
	if (len > buffer->size - buffer->len)
		buffer->is_full = true;
	if (buffer->is_full)
		return;
	memcpy(buffer->text + buffer->len, text, len);
	buffer->len += len;
}

static inline void export_text_buffer_str(struct export_text_buffer *buffer, const char *text)
{
	export_text_buffer_put(buffer, text, strlen(text));
}

#endif
