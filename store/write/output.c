#include "store/write/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Whole pages, and not so few that the disk is busy with their number. */
enum { START_BYTES = 256 * 1024 };

static int64_t system_write(int fd, const void *bytes, size_t len)
{
	return write(fd, bytes, len);
}

static int system_open(const char *path, int flags, unsigned mode)
{
	return open(path, flags, mode);
}

static int system_truncate(int fd, int64_t len)
{
	return ftruncate(fd, (off_t)len);
}

static int64_t system_realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const struct store_io store__system_io = {.write = system_write,
					  .sync = fdatasync,
					  .sync_directory = fsync,
					  .open = system_open,
					  .truncate = system_truncate,
					  .close = close,
					  .unlink = unlink,
					  .realtime_ns = system_realtime_ns};

struct store_io store__io_of(const struct store_io *io)
{
	struct store_io all = store__system_io;
	if (!io)
		return all;
	all.write = io->write ? io->write : all.write;
	all.sync = io->sync ? io->sync : all.sync;
	all.sync_directory = io->sync_directory ? io->sync_directory : all.sync_directory;
	all.open = io->open ? io->open : all.open;
	all.truncate = io->truncate ? io->truncate : all.truncate;
	all.close = io->close ? io->close : all.close;
	all.unlink = io->unlink ? io->unlink : all.unlink;
	all.realtime_ns = io->realtime_ns ? io->realtime_ns : all.realtime_ns;
	return all;
}

/* The whole of it or a negated errno. */
static int write_all(const struct store__output *output, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		int64_t done = output->io->write(output->fd, bytes, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -ENOSPC;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

/* Forget what a failed write left behind the last whole block. */
static void cut_back(struct store__output *output)
{
	output->is_broken = output->io->truncate(output->fd, (int64_t)output->end) != 0 ||
			    lseek(output->fd, (off_t)output->end, SEEK_SET) < 0;
}

int store__output_open(struct store__output *output, const struct store_io *io, char *path,
		       const struct store_file_header *header)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	*output = (struct store__output){.io = io, .fd = -1, .path = path, .end = STORE_FILE_HEADER_BYTES};
	if (!path)
		return -ENOMEM;
	output->fd = io->open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = output->fd < 0 ? -errno : 0;
	if (error) {
		store__output_abandon(output);
		return error;
	}
	store_file_header_put(bytes, header);
	error = write_all(output, bytes, sizeof bytes);
	if (error)
		store__output_remove(output);
	return error;
}

int store__output_append(struct store__output *output, const unsigned char *bytes, size_t len,
			 const struct store_block_header *header)
{
	int error = output->is_broken ? -EIO : write_all(output, bytes, len);
	error = error ? error : store_index_add(&output->index, output->end, header);
	if (error)
		cut_back(output);
	else
		output->end += len;
	return error;
}

void store__output_start_sync(struct store__output *output)
{
	uint64_t end = output->end / START_BYTES * START_BYTES;
	if (end <= output->started)
		return;
	sync_file_range(output->fd, (off_t)output->started, (off_t)(end - output->started),
			SYNC_FILE_RANGE_WRITE);
	output->started = end;
}

int store__output_sync(struct store__output *output)
{
	return output->fd >= 0 && output->io->sync(output->fd) != 0 ? -errno : 0;
}

static bool write_footer(struct store__output *output)
{
	size_t len = 0;
	unsigned char *footer =
	    output->is_broken ? NULL : store_index_write(&output->index, output->end, &len);
	bool done = footer && write_all(output, footer, len) == 0;
	free(footer);
	if (done)
		output->end += len;
	else
		cut_back(output);
	return done;
}

/* 0 or the negated errno: some file systems tell only now that they could not write. */
static int close_file(struct store__output *output)
{
	int error = output->fd >= 0 && output->io->close(output->fd) != 0 && errno != EINTR ? -errno : 0;
	free(output->path);
	store_index_fini(&output->index);
	*output = (struct store__output){.io = output->io, .fd = -1};
	return error;
}

struct store__ended store__output_finish(struct store__output *output, bool sync)
{
	struct store__ended ended = {.is_closed = write_footer(output)};
	ended.bytes = output->end;
	if (sync)
		ended.error = store__output_sync(output);
	int error = close_file(output);
	ended.error = ended.error ? ended.error : error;
	return ended;
}

void store__output_abandon(struct store__output *output)
{
	close_file(output);
}

void store__output_remove(struct store__output *output)
{
	output->io->unlink(output->path);
	store__output_abandon(output);
}

bool store__output_is_there(const struct store__output *output)
{
	struct stat ours, found;
	return fstat(output->fd, &ours) == 0 && stat(output->path, &found) == 0 &&
	       ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

int store__sync_directory_by(const struct store_io *io, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = io->sync_directory(fd) != 0 ? -errno : 0;
	close(fd);
	return error;
}

int store__sync_directory(const char *dir)
{
	return store__sync_directory_by(&store__system_io, dir);
}
