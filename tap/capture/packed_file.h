/* packed_file.h - the bytes of a capture file, unpacked where it is packed. Internal to tap.
 *
 * Its first bytes tell what it is: gzip (RFC 1952, several members too), zstd (RFC 8878, several frames too), or
 * anything else, which is read as it is. */
#ifndef TAP_CAPTURE_PACKED_FILE_H
#define TAP_CAPTURE_PACKED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/error.h"

struct tap__packed_file;

enum tap__packed_file_state {
	TAP__PACKED_FILE_GOOD,
	TAP__PACKED_FILE_CUT,     /* ends in the middle of something packed */
	TAP__PACKED_FILE_DAMAGED, /* cannot be unpacked from here on */
	TAP__PACKED_FILE_ERROR,   /* cannot be read from here on: tap__packed_file_error */
};

/* Open path, or standard input for "-". 0 with *file, to be closed by the caller; or a negative code with *fault. */
int tap__packed_file_open(struct tap__packed_file **file, const char *path, struct wire_fault *fault);
void tap__packed_file_close(struct tap__packed_file *file); /* may be NULL */

/* Read at most len bytes (> 0) to out, waiting for one at least. The number read; 0 at the end, whose reason is
 * tap__packed_file_state. */
size_t tap__packed_file_read(struct tap__packed_file *file, void *out, size_t len);

/* How reading has gone so far. */
enum tap__packed_file_state tap__packed_file_state(const struct tap__packed_file *file);

/* Is it unpacked? Offsets then are those of what was packed. */
bool tap__packed_file_is_packed(const struct tap__packed_file *file);

/* A negated errno, with TAP__PACKED_FILE_ERROR. */
int tap__packed_file_error(const struct tap__packed_file *file);

#endif
