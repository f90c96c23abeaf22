/* log.h - a log as a directory: its segments and its lock. */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "store/format.h"

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

/* List the segments of a log directory, or the one segment when path is a file. 0, or a negative code with
 * *fault: STORE_EFORMAT for a directory that holds no segment but other things. An empty directory has none. */
int store_log_list(struct store_log_segments *segments, const char *path, struct wire_fault *fault);
void store_log_segments_fini(struct store_log_segments *segments);

/* Remove what a rewriting of segments left half done. Needs the lock. */
void store_log_remove_temporary(const char *dir);

/* Make the directory if missing (0700) and take its lock: only one writer at a time. The lock is released
 * by the kernel when the process dies. Returns a file descriptor to close, or a negative code with *fault
 * (STORE_ELOCKED names the pid that holds it; STORE_EFORMAT when the directory holds foreign files only). */
int store_log_lock(const char *dir, struct wire_fault *fault);

/* A live writer holds the lock. */
bool store_log_is_locked(const char *dir);

/* The name of the number-th file (from 1 on) that is kept aside of a segment: PATH.torn, PATH.torn.2, … Owned by the
 * caller; NULL when out of memory. */
char *store_log_aside_path(const char *path, const char *suffix, int number);
enum { STORE_ASIDE_MAX = 99 };

/* Is path that of a segment, by its name? Then *first_seq gets the number it is named by. */
bool store_log_segment_seq(const char *path, uint64_t *first_seq);

/* The path of a segment in dir, owned by the caller; NULL when out of memory. */
char *store_log_segment_path(const char *dir, uint64_t first_seq);

#endif
