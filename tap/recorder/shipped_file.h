/* shipped_file.h - the file `.shipped` of a log: the first event that was not shipped (docs/format.md). Internal to tap. */
#ifndef TAP_RECORDER_SHIPPED_FILE_H
#define TAP_RECORDER_SHIPPED_FILE_H

#include <stdint.h>

/* The number in it; 0 when there is none: nothing was shipped. */
uint64_t tap__shipped_file_read(const char *dir);

/* Replace it in one step. 0 or a negated errno. */
int tap__shipped_file_write(const char *dir, uint64_t seq);

#endif
