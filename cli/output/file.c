#include "cli/output/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path, int error, struct wire_fault *fault)
{
	return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
}

static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static int open_partial(struct cli_file *file, struct wire_fault *fault)
{
	const mode_t mask = umask(0);

	umask(mask);
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
	return fchmod(file->fd, 0666 & ~mask) == 0 ? 0 : fail(file->path, -errno, fault);
}

int cli_file_init(struct cli_file *file, const char *path, bool is_direct, struct wire_fault *fault)
{
	*file = (struct cli_file){.path = path, .fd = STDOUT_FILENO};
	if (!path || strcmp(path, "-") == 0) {
		file->path = NULL;
		return 0;
	}
	if (!is_direct && !is_special(path))
		return open_partial(file, fault);
	file->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return file->fd >= 0 ? 0 : fail(path, -errno, fault);
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
	file->partial = NULL;
}
