#include "store/care/aside.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/read/find_blocks.h"
#include "store/read/log.h"
#include "store/write/output.h"

enum { COPY_BYTES = 1 << 16 };

void store__aside_keep_time(const char *path, int64_t modified_ns)
{
	const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT},
	    {.tv_sec = modified_ns / 1000000000, .tv_nsec = modified_ns % 1000000000},
	};
	if (modified_ns > 0)
		utimensat(AT_FDCWD, path, times, 0);
}

static int copy_bytes(int from, uint64_t offset, uint64_t len, int to)
{
	unsigned char bytes[COPY_BYTES];
	while (len > 0) {
		size_t part = len < COPY_BYTES ? (size_t)len : COPY_BYTES;
		int error = store__read_at(from, offset, bytes, part);
		if (error)
			return error;
		ssize_t done = write(to, bytes, part);
		if (done != (ssize_t)part)
			return done < 0 ? -errno : -ENOSPC;
		offset += part;
		len -= part;
	}
	return 0;
}

static int create_torn(const char *path, char **aside)
{
	for (int number = 1; number <= STORE_ASIDE_MAX; number++) {
		*aside = store_log_aside_path(path, "torn", number);
		if (!*aside)
			return -ENOMEM;
		int fd = open(*aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		int error = -errno;
		free(*aside);
		*aside = NULL;
		if (error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

int store__aside_tail(const struct store_segment_reader *segment, uint64_t offset, char **aside)
{
	*aside = NULL;
	if (segment->file_bytes <= offset)
		return 0;
	int fd = create_torn(segment->path, aside);
	if (fd < 0)
		return fd;
	int error = copy_bytes(segment->fd, offset, segment->file_bytes - offset, fd);
	if (!error && fsync(fd) != 0)
		error = -errno;
	close(fd);
	if (error) {
		unlink(*aside);
		free(*aside);
		*aside = NULL;
	}
	return error;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A second name for the file. An interrupted attempt may have given it one already. */
static int add_name(const char *path, const char *suffix, char **aside)
{
	int error = -EEXIST;
	for (int number = 1; number <= STORE_ASIDE_MAX && error == -EEXIST; number++) {
		free(*aside);
		*aside = store_log_aside_path(path, suffix, number);
		if (!*aside)
			return -ENOMEM;
		error =
		    link(path, *aside) == 0 || (errno == EEXIST && is_same_file(path, *aside)) ? 0 : -errno;
	}
	return error;
}

static int sync_directory_of(const char *path)
{
	char *copy = strdup(path);
	int error = copy ? store__sync_directory(dirname(copy)) : -ENOMEM;
	free(copy);
	return error;
}

static int end_renaming(const char *path, int error, char **aside)
{
	if (!error)
		error = sync_directory_of(path);
	if (error) {
		free(*aside);
		*aside = NULL;
	}
	return error;
}

int store__aside_swap(const char *path, const char *temporary, const char *suffix, char **aside)
{
	*aside = NULL;
	int error = add_name(path, suffix, aside);
	if (!error && rename(temporary, path) != 0)
		error = -errno;
	return end_renaming(path, error, aside);
}

int store__aside_whole(const char *path, const char *suffix, char **aside)
{
	*aside = NULL;
	int error = add_name(path, suffix, aside);
	if (!error && unlink(path) != 0)
		error = -errno;
	return end_renaming(path, error, aside);
}
