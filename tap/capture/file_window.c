#include "tap/capture/file_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 256 << 10 };

int tap__file_window_init(struct tap__file_window *window, struct tap__packed_file *file)
{
	*window = (struct tap__file_window){.file = file, .bytes = malloc(WINDOW_BYTES), .cap = WINDOW_BYTES};
	return window->bytes ? 0 : -ENOMEM;
}

void tap__file_window_fini(struct tap__file_window *window)
{
	tap__packed_file_close(window->file);
	free(window->bytes);
	*window = (struct tap__file_window){0};
}

static bool grow(struct tap__file_window *window, size_t len)
{
	if (len <= window->cap)
		return true;
	unsigned char *grown = realloc(window->bytes, len);
	window->is_short_of_memory = !grown;
	if (!grown)
		return false;
	window->bytes = grown;
	window->cap = len;
	return true;
}

/* Read until `len` bytes are in the window. */
static bool fill(struct tap__file_window *window, size_t len)
{
	if (window->start > 0)
		memmove(window->bytes, window->bytes + window->start, tap__file_window_left(window));
	window->end -= window->start;
	window->start = 0;
	if (!grow(window, len))
		return false;
	while (window->end < len) {
		size_t got = tap__packed_file_read(window->file, window->bytes + window->end,
						   window->cap - window->end);
		if (got == 0)
			return false;
		window->end += got;
	}
	return true;
}

const unsigned char *tap__file_window_want(struct tap__file_window *window, size_t len)
{
	if (tap__file_window_left(window) < len && !fill(window, len))
		return NULL;
	return window->bytes + window->start;
}

bool tap__file_window_skip(struct tap__file_window *window, uint64_t len)
{
	while (len > tap__file_window_left(window)) {
		size_t left = tap__file_window_left(window);
		len -= left;
		window->offset += left;
		window->start = window->end;
		if (!tap__file_window_want(window, 1))
			return false;
	}
	window->start += (size_t)len;
	window->offset += len;
	return true;
}
