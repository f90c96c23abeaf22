#include "store/write/mark_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/write/clock.h"

enum { LOOK_MS = 20 };

static void pause_ms(int ms)
{
	const struct timespec time = {.tv_nsec = ms * 1000000L};
	nanosleep(&time, NULL);
}

/* ---- the writer ---- */

static void box_path(const char *dir, char path[4200])
{
	snprintf(path, 4200, "%s/.mark", dir);
}

bool store__mark_box_read(const char *dir, char text[WIRE_MARK_REMARK])
{
	char path[4200];
	box_path(dir, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, text, WIRE_MARK_REMARK - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len >= 0;
}

void store__mark_box_empty(const char *dir)
{
	char path[4200];
	box_path(dir, path);
	unlink(path);
}

/* ---- who leaves one ---- */

static int write_text(const char *path, const char *text)
{
	size_t len = strnlen(text, WIRE_MARK_REMARK - 1);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	ssize_t done = write(fd, text, len);
	int error = done == (ssize_t)len ? 0 : done < 0 ? -errno : -ENOSPC;
	close(fd);
	return error;
}

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* Put the file at `own` into the box as soon as it is empty, and wait until the writer has emptied it. */
static int hand_over(const char *own, const char *box, int64_t until_ms)
{
	while (link(own, box) != 0) {
		if (errno != EEXIST)
			return -errno;
		if (store__monotonic_ms() >= until_ms)
			return STORE_ELOCKED;
		pause_ms(LOOK_MS);
	}
	while (is_same(own, box)) {
		if (store__monotonic_ms() >= until_ms)
			return unlink(box) == 0 ? STORE_ELOCKED : 0; /* it was taken just now */
		pause_ms(LOOK_MS);
	}
	return 0;
}

int store_mark_leave(const char *dir, const char *text, int timeout_ms, struct wire_fault *fault)
{
	char box[4200], own[4300];
	box_path(dir, box);
	snprintf(own, sizeof own, "%s.%ld", box, (long)getpid());
	int error = write_text(own, text);
	if (!error)
		error = hand_over(own, box, store__monotonic_ms() + timeout_ms);
	unlink(own);
	if (error == STORE_ELOCKED)
		return wire_fault_set(
		    fault, error,
		    "%s: the process that is recording into it did not take the mark within "
		    "%d s",
		    dir, timeout_ms / 1000);
	return error ? wire_fault_set(fault, error, "%s: cannot leave the mark: %s", dir,
				      wire_error_text(error))
		     : 0;
}
