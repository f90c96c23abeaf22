#include "cli/output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READER_MS = 100 /* between two attempts to open a pipe that has no reader yet */ };

static int fail(const char *path, int error, struct wire_fault *fault)
{
	return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
}

static bool is_stdout(const char *path)
{
	return !path || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 ||
	       strcmp(path, "/dev/fd/1") == 0 || strcmp(path, "/proc/self/fd/1") == 0;
}

/* Devices, and the names of open files: to replace them would be a mistake. */
static bool is_special(const char *path)
{
	struct stat status;

	if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
		return true;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* Of the older file, or that of a new one. */
static int set_mode(const struct cli_file *file)
{
	struct stat older;
	const mode_t mask = umask(0);

	umask(mask);
	if (stat(file->path, &older) != 0)
		return fchmod(file->fd, 0666 & ~mask) == 0 ? 0 : -errno;
	if (fchown(file->fd, older.st_uid, older.st_gid) != 0 && errno != EPERM)
		return -errno;
	return fchmod(file->fd, older.st_mode & 07777) == 0 ? 0 : -errno;
}

static int open_partial(struct cli_file *file, struct wire_fault *fault)
{
	if (asprintf(&file->partial, "%s.XXXXXX", file->path) < 0) {
		file->partial = NULL;
		return fail(file->path, -ENOMEM, fault);
	}
	file->fd = mkstemp(file->partial);
	if (file->fd < 0) {
		int error = -errno;
		free(file->partial);
		file->partial = NULL;
		return fail(file->path, error, fault);
	}
	int error = set_mode(file);
	return error ? fail(file->path, error, fault) : 0;
}

/* A pipe without a reader cannot be opened at once, and opening it must not block: signals are read from interrupt_fd. */
static int open_direct(struct cli_file *file, int interrupt_fd, struct wire_fault *fault)
{
	const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK;
	struct pollfd interrupt = {.fd = interrupt_fd, .events = POLLIN};

	while ((file->fd = open(file->path, flags, 0666)) < 0 && errno == ENXIO)
		if (poll(&interrupt, 1, READER_MS) > 0)
			return fail(file->path, -EINTR, fault);
	if (file->fd < 0)
		return fail(file->path, -errno, fault);
	return fcntl(file->fd, F_SETFL, 0) == 0 ? 0 : fail(file->path, -errno, fault);
}

int cli_file_init(struct cli_file *file, const char *path, bool is_direct, int interrupt_fd,
		  struct wire_fault *fault)
{
	*file = (struct cli_file){.fd = STDOUT_FILENO};
	if (is_stdout(path))
		return 0;
	const bool is_in_place = is_direct || is_special(path);
	file->empties = is_direct && !is_special(path);
	file->path = is_in_place ? NULL : realpath(path, NULL);
	if (!file->path)
		file->path = strdup(path);
	if (!file->path)
		return fail(path, -ENOMEM, fault);
	file->fd = -1;
	return is_in_place ? open_direct(file, interrupt_fd, fault) : open_partial(file, fault);
}

int cli_file_begin(void *context)
{
	const struct cli_file *file = context;

	return !file->empties || ftruncate(file->fd, 0) == 0 ? file->fd : -1 /* which cannot be written to */;
}

static int close_file(struct cli_file *file)
{
	const int fd = file->fd;

	file->fd = -1;
	return close(fd) == 0 ? 0 : -errno;
}

int cli_file_finish(struct cli_file *file, struct wire_fault *fault)
{
	if (!file->path)
		return 0;
	int error = close_file(file);
	if (!error && file->partial && rename(file->partial, file->path) != 0)
		error = -errno;
	if (error)
		return fail(file->path, error, fault);
	free(file->partial);
	file->partial = NULL;
	return 0;
}

void cli_file_fini(struct cli_file *file)
{
	if (file->path && file->fd >= 0)
		close_file(file);
	if (file->partial)
		unlink(file->partial);
	free(file->partial);
	free(file->path);
	file->partial = file->path = NULL;
}
