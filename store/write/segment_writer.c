#include "store/write/segment_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/format/zstd_dictionary.h"

/* Whole pages, and enough of them to be worth a write. */
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

/* Write all bytes. 0 or a negated errno. */
static int write_all(const struct store__segment_writer *segment, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		int64_t done = segment->io->write(segment->fd, bytes, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -ENOSPC;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

/* Cut off what a failed write left after the last whole block. */
static void cut_back(struct store__segment_writer *segment)
{
	segment->is_broken = segment->io->truncate(segment->fd, (int64_t)segment->end) != 0 ||
			     lseek(segment->fd, (off_t)segment->end, SEEK_SET) < 0;
}

int store__segment_writer_open(struct store__segment_writer *segment, const struct store_io *io, char *path,
			       const struct store_file_header *header)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	*segment =
	    (struct store__segment_writer){.io = io, .fd = -1, .path = path, .end = STORE_FILE_HEADER_BYTES};
	if (!path)
		return -ENOMEM;
	segment->fd = io->open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = segment->fd < 0 ? -errno : 0;
	if (error) {
		store__segment_writer_abandon(segment);
		return error;
	}
	store_file_header_put(bytes, header);
	error = write_all(segment, bytes, sizeof bytes);
	if (error)
		store__segment_writer_remove(segment);
	return error;
}

int store__segment_writer_put_dictionary(struct store__segment_writer *segment,
					 const unsigned char *dictionary, size_t len)
{
	unsigned char header[STORE_ZSTD_DICTIONARY_HEADER_BYTES];
	store_zstd_dictionary_header_put(header, dictionary, len);
	int error = write_all(segment, header, sizeof header);
	error = error ? error : write_all(segment, dictionary, len);
	if (!error)
		segment->end += sizeof header + len;
	return error;
}

int store__segment_writer_append(struct store__segment_writer *segment, const unsigned char *bytes,
				 size_t len, const struct store_block_header *header)
{
	int error = segment->is_broken ? -EIO : write_all(segment, bytes, len);
	error = error ? error : store_index_add(&segment->index, segment->end, header);
	if (error)
		cut_back(segment);
	else
		segment->end += len;
	return error;
}

void store__segment_writer_start_sync(struct store__segment_writer *segment)
{
	uint64_t end = segment->end / START_BYTES * START_BYTES;
	if (end <= segment->started)
		return;
	sync_file_range(segment->fd, (off_t)segment->started, (off_t)(end - segment->started),
			SYNC_FILE_RANGE_WRITE);
	segment->started = end;
}

int store__segment_writer_sync(struct store__segment_writer *segment)
{
	return segment->fd >= 0 && segment->io->sync(segment->fd) != 0 ? -errno : 0;
}

static bool write_footer(struct store__segment_writer *segment)
{
	size_t len = 0;
	unsigned char *footer =
	    segment->is_broken ? NULL : store_index_write(&segment->index, segment->end, &len);
	bool done = footer && write_all(segment, footer, len) == 0;
	free(footer);
	if (done)
		segment->end += len;
	else
		cut_back(segment);
	return done;
}

/* 0 or a negated errno: some file systems report only now that they could not write. */
static int close_file(struct store__segment_writer *segment)
{
	int error = segment->fd >= 0 && segment->io->close(segment->fd) != 0 && errno != EINTR ? -errno : 0;
	free(segment->path);
	store_index_fini(&segment->index);
	*segment = (struct store__segment_writer){.io = segment->io, .fd = -1};
	return error;
}

struct store__segment_end store__segment_writer_finish(struct store__segment_writer *segment, bool sync)
{
	struct store__segment_end ended = {.is_closed = write_footer(segment)};
	ended.bytes = segment->end;
	if (sync)
		ended.error = store__segment_writer_sync(segment);
	int error = close_file(segment);
	ended.error = ended.error ? ended.error : error;
	return ended;
}

void store__segment_writer_abandon(struct store__segment_writer *segment)
{
	close_file(segment);
}

void store__segment_writer_remove(struct store__segment_writer *segment)
{
	segment->io->unlink(segment->path);
	store__segment_writer_abandon(segment);
}

bool store__segment_writer_is_there(const struct store__segment_writer *segment)
{
	struct stat ours, found;
	return fstat(segment->fd, &ours) == 0 && stat(segment->path, &found) == 0 &&
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
