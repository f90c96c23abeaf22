#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/log.h"
#include "store/segment.h"

enum { COPY_BYTES = 1 << 16 };

/* A block whose body was torn by a power cut has a good header: it is part of the tail. So is damage that no
 * whole block follows. */
static int drop_torn_blocks(struct store_segment *segment)
{
	struct store_block *block = store_block_open();
	if (!block)
		return -ENOMEM;
	int error = 0;
	while (segment->index.count > 0 && !error) {
		size_t last = segment->index.count - 1;
		error = store_segment_load_block(segment, last, STORE_FRAME_PAYLOADS, block);
		if (error == 0)
			break;
		if (error != STORE_EDAMAGE)
			continue;
		error = 0;
		segment->index.count = last;
		segment->end = store_index_end(&segment->index);
	}
	store_block_close(block);
	return error;
}

static int copy_bytes(int from, uint64_t offset, uint64_t len, int to)
{
	unsigned char bytes[COPY_BYTES];
	while (len > 0) {
		ssize_t got = pread(from, bytes, len < COPY_BYTES ? (size_t)len : COPY_BYTES, (off_t)offset);
		if (got <= 0)
			return got < 0 ? -errno : 0;
		ssize_t done = write(to, bytes, (size_t)got);
		if (done != got)
			return done < 0 ? -errno : -ENOSPC;
		offset += (uint64_t)got;
		len -= (uint64_t)got;
	}
	return 0;
}

/* A new file `<path>.torn`, or `.torn.2` and so on where an earlier crash left one. */
static int create_aside(const char *path, char **aside)
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
		if (error != -EEXIST)
			return error;
	}
	return -EEXIST;
}

static int put_aside(const struct store_segment *segment, uint64_t offset, char **aside)
{
	char *name;
	if (segment->file_bytes <= offset)
		return 0;
	int fd = create_aside(segment->path, &name);
	if (fd < 0)
		return fd;
	int error = copy_bytes(segment->fd, offset, segment->file_bytes - offset, fd);
	if (!error && fsync(fd) != 0)
		error = -errno;
	close(fd);
	if (error)
		unlink(name);
	if (aside && !error)
		*aside = name;
	else
		free(name);
	return error;
}

static int replace_tail(int fd, uint64_t offset, const unsigned char *footer, size_t len)
{
	if (ftruncate(fd, (off_t)offset) != 0)
		return -errno;
	ssize_t done = pwrite(fd, footer, len, (off_t)offset);
	if (done != (ssize_t)len)
		return done < 0 ? -errno : -ENOSPC;
	return fsync(fd) != 0 ? -errno : 0;
}

static int write_footer(const struct store_segment *segment)
{
	size_t len;
	unsigned char *footer = store_index_write(&segment->index, segment->end, &len);
	int fd = footer ? open(segment->path, O_WRONLY | O_CLOEXEC) : -1;
	int error = !footer ? -ENOMEM : fd < 0 ? -errno : replace_tail(fd, segment->end, footer, len);
	if (fd >= 0)
		close(fd);
	free(footer);
	return error;
}

static int close_segment(struct store_segment *segment, char **aside)
{
	int error = drop_torn_blocks(segment);
	if (error)
		return error;
	if (segment->index.count == 0) {
		error = put_aside(segment, STORE_FILE_HEADER_BYTES, aside);
		return error ? error : unlink(segment->path) != 0 ? -errno : 0;
	}
	error = put_aside(segment, segment->end, aside);
	return error ? error : write_footer(segment);
}

/* Not even the file header was written whole: there is nothing to keep. */
static int remove_stump(const char *path, struct wire_fault *fault)
{
	if (unlink(path) != 0)
		return wire_fault_set(fault, -errno, "%s: cannot remove it: %s", path, strerror(errno));
	return 1;
}

/* Shorter than a file header. */
static bool is_stump(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size < STORE_FILE_HEADER_BYTES;
}

int store_recover_segment(const char *path, char **aside, struct wire_fault *fault)
{
	struct store_segment *segment;
	if (aside)
		*aside = NULL;
	if (is_stump(path))
		return remove_stump(path, fault);
	int error = store_segment_open(&segment, path, fault);
	if (error)
		return error;
	if (segment->is_closed) {
		store_segment_close(segment);
		return 0;
	}
	error = close_segment(segment, aside);
	store_segment_close(segment);
	if (error)
		return wire_fault_set(fault, error, "%s: cannot close what a crash left open: %s", path,
				      wire_error_text(error));
	return 1;
}
