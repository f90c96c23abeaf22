/* capture_file.h - a capture file as a stream for libpcap, unpacked where it is packed. Internal to tap.
 *
 * What it is, is told by its first bytes: gzip (RFC 1952, several members too), zstd (RFC 8878, several frames too), or
 * anything else, which is read as it is. */
#ifndef TAP_CAPTURE_FILE_H
#define TAP_CAPTURE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "wire/error.h"

struct tap__file;

enum tap__file_state {
	TAP__FILE_GOOD,
	TAP__FILE_CUT,     /* ends in the middle of something packed */
	TAP__FILE_DAMAGED, /* cannot be unpacked from here on */
	TAP__FILE_ERROR,   /* cannot be read from here on: tap__file_error */
};

/* Open path, or standard input for "-". 0, or a negative code with *fault. *stream owns *file: fclose ends both. */
int tap__file_open(struct tap__file **file, FILE **stream, const char *path, struct wire_fault *fault);

/* How reading has gone so far. */
enum tap__file_state tap__file_state(const struct tap__file *file);

/* A negated errno, with TAP__FILE_ERROR. */
int tap__file_error(const struct tap__file *file);

#endif
