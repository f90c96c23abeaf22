/* resume.h - the file in which a replay into a stream notes how far it has come, so that another run continues there.
 *
 * One line: the sequence number, in the log, of the last message such that it and all before it were answered. */
#ifndef REPLAY_PLAY_RESUME_H
#define REPLAY_PLAY_RESUME_H

#include <stdint.h>

#include "wire/error.h"

/* *seq is 0 when there is no such file. 0, or a negative code with *fault. */
int replay_resume_read(const char *path, uint64_t *seq, struct wire_fault *fault);

/* Replace the file whole. 0, or a negative code with *fault. */
int replay_resume_write(const char *path, uint64_t seq, struct wire_fault *fault);

#endif
