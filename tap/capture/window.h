/* window.h - a capture file as a window of contiguous bytes that moves forward. Internal to tap.
 *
 *	... given up │ at ────── left ──────▶ │ not read yet ... */
#ifndef TAP_CAPTURE_WINDOW_H
#define TAP_CAPTURE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/capture/file.h"

struct tap__window {
	struct tap__file *file;  /* owned */
	unsigned char *bytes;    /* cap of them, owned */
	size_t cap, start, end;  /* bytes[start..end) are in the window */
	uint64_t offset;         /* of bytes[start] in the file */
	bool is_short_of_memory; /* why a wish was not met, instead of the end of the file */
};

/* Takes file, also on failure. 0 or -ENOMEM. */
int tap__window_init(struct tap__window *window, struct tap__file *file);
void tap__window_fini(struct tap__window *window);

/* The next `len` bytes of the file, which stay in the window until something else is wanted. NULL when the file ends
 * before them, or there is no memory for them; what there is stays in the window. */
const unsigned char *tap__window_want(struct tap__window *window, size_t len);

/* Bytes in the window. */
static inline size_t tap__window_left(const struct tap__window *window)
{
	return window->end - window->start;
}

/* Move past the next `len` bytes, which need not be in the window. False when the file ends before. */
bool tap__window_skip(struct tap__window *window, uint64_t len);

#endif
