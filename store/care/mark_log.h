/* mark_log.h - add a remark to a log, whether or not it is being written. */
#ifndef STORE_CARE_MARK_LOG_H
#define STORE_CARE_MARK_LOG_H

#include <stdbool.h>

#include "wire/error.h"

/* There is a log at path: a directory with segments, or one that is being written. */
bool store_mark_log_is_one(const char *path);

/* Add the mark "remark TEXT", cut to 1016 bytes of text, with the time of now. A process that is recording into the log adds it
 * within timeout_ms; else this one does, in a new segment. It is synced when this returns. 0, or a negative code with *fault. */
int store_mark_log(const char *path, const char *text, int timeout_ms, struct wire_fault *fault);

#endif
