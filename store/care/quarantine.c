#include "store/care/quarantine.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/read/find_blocks.h"
#include "store/read/log.h"
#include "store/write/segment_writer.h"

enum { COPY_BYTES = 1 << 16 };

void store__set_file_time(const char *path, int64_t modified_ns)
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

static int create_torn(const char *path, char **kept_as)
{
	for (int number = 1; number <= STORE_QUARANTINE_MAX; number++) {
		*kept_as = store_log_quarantine_path(path, "torn", number);
		if (!*kept_as)
			return -ENOMEM;
		int fd = open(*kept_as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		int error = -errno;
		free(*kept_as);
		*kept_as = NULL;
		if (error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

int store__quarantine_tail(const struct store_segment_reader *segment, uint64_t offset, char **kept_as)
{
	*kept_as = NULL;
	if (segment->file_bytes <= offset)
		return 0;
	int fd = create_torn(segment->path, kept_as);
	if (fd < 0)
		return fd;
	int error = copy_bytes(segment->fd, offset, segment->file_bytes - offset, fd);
	if (!error && fsync(fd) != 0)
		error = -errno;
	close(fd);
	if (error) {
		unlink(*kept_as);
		free(*kept_as);
		*kept_as = NULL;
	}
	return error;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A second name for the file. An interrupted attempt may have given it one already. */
static int add_name(const char *path, const char *suffix, char **kept_as)
{
	int error = -EEXIST;
	for (int number = 1; number <= STORE_QUARANTINE_MAX && error == -EEXIST; number++) {
		free(*kept_as);
		*kept_as = store_log_quarantine_path(path, suffix, number);
		if (!*kept_as)
			return -ENOMEM;
		error = link(path, *kept_as) == 0 || (errno == EEXIST && is_same_file(path, *kept_as))
			    ? 0
			    : -errno;
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

static int end_renaming(const char *path, int error, char **kept_as)
{
	if (!error)
		error = sync_directory_of(path);
	if (error) {
		free(*kept_as);
		*kept_as = NULL;
	}
	return error;
}

int store__quarantine_swap(const char *path, const char *temporary, const char *suffix, char **kept_as)
{
	*kept_as = NULL;
	int error = add_name(path, suffix, kept_as);
	if (!error && rename(temporary, path) != 0)
		error = -errno;
	return end_renaming(path, error, kept_as);
}

int store__quarantine_file(const char *path, const char *suffix, char **kept_as)
{
	*kept_as = NULL;
	int error = add_name(path, suffix, kept_as);
	if (!error && unlink(path) != 0)
		error = -errno;
	return end_renaming(path, error, kept_as);
}
