/* file_window.h - a capture file as a window of contiguous bytes that moves forward. Internal to tap.
 *
 *	... given up │ at ────── left ──────▶ │ not read yet ... */
#ifndef TAP_CAPTURE_FILE_WINDOW_H
#define TAP_CAPTURE_FILE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/capture/packed_file.h"

struct tap__file_window {
	struct tap__packed_file *file; /* owned */
	unsigned char *bytes;          /* owned */
	size_t cap, start, end;        /* bytes[start..end) are in the window */
	uint64_t offset;               /* of bytes[start] in the file */
	bool is_short_of_memory; /* the last want failed for lack of memory, not at the end of the file */
};

/* Takes file, even on failure. 0 or -ENOMEM. */
int tap__file_window_init(struct tap__file_window *window, struct tap__packed_file *file);
void tap__file_window_fini(struct tap__file_window *window);

/* The next `len` bytes of the file, valid until the next call. NULL when the file ends before them or there is
 * no memory; the available bytes stay in the window. */
const unsigned char *tap__file_window_want(struct tap__file_window *window, size_t len);

/* Bytes in the window. */
static inline size_t tap__file_window_left(const struct tap__file_window *window)
{
	return window->end - window->start;
}

/* Move past the next `len` bytes, which need not be in the window. False when the file ends before them. */
bool tap__file_window_skip(struct tap__file_window *window, uint64_t len);

#endif
