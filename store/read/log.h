/* log.h - a log as a directory: its segments and its lock. */
#ifndef STORE_READ_LOG_H
#define STORE_READ_LOG_H

#include <time.h>

#include "store/format/format.h"

struct store_log_segment {
	uint64_t first_seq; /* from the file's name */
	uint64_t bytes;
	int64_t modified_ns; /* when it was last written to */
	char *path;          /* owned by the list */
};

struct store_log_segments {
	struct store_log_segment *list; /* by rising first_seq */
	size_t count;
};

int64_t store_log_time_ns(const struct timespec *time);

/* List the segments of a log directory, or the one segment when path is a file. 0, or a negative code with
 * *fault: STORE_EFORMAT for a directory that holds no segment but other things. An empty directory has none. */
int store_log_list(struct store_log_segments *segments, const char *path, struct wire_fault *fault);
void store_log_segments_fini(struct store_log_segments *segments);

/* Opening a listed segment of a log returned this error because nothing in it can be read. */
bool store_log_segment_is_unreadable(const struct store_log_segment *listed, int error);

/* The segment has no complete file header: a writer has just begun it. */
bool store_log_segment_is_stump(const struct store_log_segment *listed);

/* How many events a listed segment should have, by the name of the next one; of the last segment at least one. */
uint64_t store_log_segment_events(const struct store_log_segments *segments,
				  const struct store_log_segment *listed);

/* Remove the files that an interrupted rewriting of segments left. Needs the lock. */
void store_log_remove_temporary(const char *dir);

/* A log's lock: one on the file `lock` in it, and one on the directory itself, so that removing the file lets no second writer
 * in. The kernel releases both when the process dies. Not locked: both -1. */
struct store_log_lock {
	int file_fd, dir_fd;
};

/* A file in the directory of a log that is not complete yet: whoever writes the log again may delete the directory. A log that is
 * recorded has none. */
#define STORE_LOG_UNFINISHED ".unfinished"

/* Make the directory if missing (0700) and take its lock: only one writer at a time. 0 with *lock, or a negative code
 * with *fault (STORE_ELOCKED names the pid that holds it; STORE_EFORMAT when the directory holds foreign files only); then
 * *lock is not locked. */
int store_log_lock(struct store_log_lock *lock, const char *dir, struct wire_fault *fault);
void store_log_unlock(struct store_log_lock *lock);

/* Is the directory that was locked still the one at dir? */
bool store_log_lock_is_of(const struct store_log_lock *lock, const char *dir);

/* When the file `lock` was removed, make and lock it again. 0 or a negative code: STORE_ELOCKED when another process has
 * locked the new file. */
int store_log_lock_again(struct store_log_lock *lock, const char *dir);

/* A live writer holds the lock. */
bool store_log_is_locked(const char *dir);

/* The name of the number-th file (from 1 on) that is kept of a segment: PATH.torn, PATH.torn.2, … Owned by the
 * caller; NULL when out of memory. */
char *store_log_quarantine_path(const char *path, const char *suffix, int number);
enum { STORE_QUARANTINE_MAX = 99 };

/* Does path have the name of a segment? Then *first_seq gets the number in it. */
bool store_log_segment_seq(const char *path, uint64_t *first_seq);

/* The path of a segment in dir, owned by the caller; NULL when out of memory. */
char *store_log_segment_path(const char *dir, uint64_t first_seq);

#endif
