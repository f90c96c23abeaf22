/* packed_file.h - read a capture file, unpacking it if necessary. Internal to tap.
 *
 * The first bytes show the format: gzip (RFC 1952, several members, too), zstd (RFC 8878, several frames, too),
 * or anything else, which is read as it is. */
#ifndef TAP_CAPTURE_PACKED_FILE_H
#define TAP_CAPTURE_PACKED_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/error.h"
#include "wire/progress.h"

struct tap__packed_file;

enum tap__packed_file_state {
	TAP__PACKED_FILE_GOOD,
	TAP__PACKED_FILE_CUT,     /* it ends inside packed data */
	TAP__PACKED_FILE_DAMAGED, /* the rest cannot be unpacked */
	TAP__PACKED_FILE_ERROR,   /* the rest cannot be read: tap__packed_file_error */
};

/* Open path, or standard input for "-". 0 with *file, to be closed by the caller; or a negative code with *fault. */
int tap__packed_file_open(struct tap__packed_file **file, const char *path, struct wire_fault *fault);
void tap__packed_file_close(struct tap__packed_file *file); /* may be NULL */

/* From now on report the bytes that are read from the file, as they are there. Borrows progress. */
void tap__packed_file_report(struct tap__packed_file *file, struct wire_progress *progress);

/* Read at most len bytes (> 0) to out; waits for at least one. Returns their number; 0 at the end, see
 * tap__packed_file_state. */
size_t tap__packed_file_read(struct tap__packed_file *file, void *out, size_t len);

/* The state of reading so far. */
enum tap__packed_file_state tap__packed_file_state(const struct tap__packed_file *file);

/* Is the file packed? Offsets are then those of the unpacked data. */
bool tap__packed_file_is_packed(const struct tap__packed_file *file);

/* A negative errno, for TAP__PACKED_FILE_ERROR. */
int tap__packed_file_error(const struct tap__packed_file *file);

#endif
