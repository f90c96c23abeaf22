#include "store/read/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* How often logs that cannot be watched are checked for changes. */
enum { POLL_MS = 10 };

void store__watch_init(struct store__watch *watch, const char *path)
{
	*watch = (struct store__watch){.path = path, .fd = -1};
}

void store__watch_fini(struct store__watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

/* True when it watches now and did not before. */
static bool start(struct store__watch *watch)
{
	if (watch->fd >= 0)
		return false;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return false;
	if (inotify_add_watch(watch->fd, watch->path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		store__watch_fini(watch);
	return watch->fd >= 0;
}

/* Read and forget all notices. When the watched file is gone (IN_IGNORED), begin to watch again, as it may come back. */
static void drain(struct store__watch *watch)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool gone = false;
	ssize_t len;
	while ((len = read(watch->fd, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event =
			    (const struct inotify_event *)(const void *)(bytes + at);
			gone |= (event->mask & IN_IGNORED) != 0;
			at += (ssize_t)(sizeof *event + event->len);
		}
	if (gone)
		store__watch_fini(watch);
}

static int wait_for(struct store__watch *const *watches, struct pollfd *fds, size_t count, int timeout_ms,
		    bool polls)
{
	if (polls && (timeout_ms < 0 || timeout_ms > POLL_MS))
		timeout_ms = POLL_MS;
	int ready = poll(fds, count, timeout_ms);
	if (ready < 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (fds[i].revents)
			drain(watches[i]);
	return ready > 0 || polls;
}

int store__watch_wait(struct store__watch *const *watches, size_t count, int timeout_ms)
{
	bool polls = false, started = false;
	struct pollfd *fds = calloc(count + 1, sizeof *fds);
	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		started |= start(watches[i]);
		polls |= watches[i]->fd < 0;
		fds[i] = (struct pollfd){.fd = watches[i]->fd, .events = POLLIN};
	}
	int status = started ? 1 : wait_for(watches, fds, count, timeout_ms, polls);
	free(fds);
	return status;
}
