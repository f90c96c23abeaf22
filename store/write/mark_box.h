/* mark_box.h - marks that other processes leave for the writer of a log.
 *
 * A mark is the file `.mark` in the log's directory, which holds its text. It is made under another name first, so that it is whole
 * when it is there; one at a time. The writer adds the mark to the log, syncs it, and removes the file. A file that a writer never
 * took is taken by the next one. */
#ifndef STORE_WRITE_MARK_BOX_H
#define STORE_WRITE_MARK_BOX_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/mark.h"

/* Leave a remark for the writer that holds the log's lock, and wait until it is in the log. 0; STORE_ELOCKED with *fault: the writer
 * did not take it in time, and it was withdrawn; or another negative code with *fault. */
int store_mark_leave(const char *dir, const char *text, int timeout_ms, struct wire_fault *fault);

/* For the writer: read the mark that waits. True with its text, NUL-terminated. */
bool store__mark_box_read(const char *dir, char text[WIRE_MARK_REMARK]);
/* The mark is in the log. */
void store__mark_box_empty(const char *dir);

#endif
