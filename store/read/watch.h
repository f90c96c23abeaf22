/* watch.h - wait until a log grows: inotify on its directory (or on the one segment), and a short poll as long as it does
 * not exist. Internal to store. */
#ifndef STORE_READ_WATCH_H
#define STORE_READ_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct store_reader;

struct store__watch {
	const char *path; /* borrowed */
	int fd;           /* -1: not watching */
};

void store__watch_init(struct store__watch *watch, const char *path);
void store__watch_fini(struct store__watch *watch);

/* Wait until one of the logs may have changed, or the time is over: 1, 0, or a negated errno (-EINTR). Begins to watch
 * those that are not watched yet and then returns 1 at once, since they may have changed before. */
int store__watch_wait(struct store__watch *const *watches, size_t count, int timeout_ms);

/* The watch of a reader that follows; store/read/reader.c. */
struct store__watch *store__reader_watch(struct store_reader *reader);

#endif
