#include "tap/recorder/shipped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH = 4300 };

uint64_t tap__shipped_file_read(const char *dir)
{
	char path[PATH], text[32] = "";
	snprintf(path, sizeof path, "%s/.shipped", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t len = read(fd, text, sizeof text - 1);
	close(fd);
	return len > 0 ? strtoull(text, NULL, 10) : 0;
}

int tap__shipped_file_write(const char *dir, uint64_t seq)
{
	char path[PATH], temporary[PATH];
	snprintf(path, sizeof path, "%s/.shipped", dir);
	snprintf(temporary, sizeof temporary, "%s/.shipped.tmp", dir);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = dprintf(fd, "%" PRIu64 "\n", seq) < 0 || fdatasync(fd) != 0 ? -errno : 0;
	close(fd);
	if (!error && rename(temporary, path) != 0)
		error = -errno;
	return error;
}
