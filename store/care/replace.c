#include "store/care/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/write/segment_writer.h"

bool store__is_file_at(int fd, const char *path)
{
	struct stat ours, found;
	return fstat(fd, &ours) == 0 && stat(path, &found) == 0 && ours.st_dev == found.st_dev &&
	       ours.st_ino == found.st_ino;
}

/* Unlike a rename, an exchange does not bring back a segment that retention deletes at the same time. */
static int swap(const char *path, const char *temporary)
{
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (access(path, F_OK) != 0)
		return -errno;
	return rename(temporary, path) == 0 ? 0 : -errno;
}

int store__replace(const char *path, const char *temporary)
{
	char *copy = strdup(path);
	int error = copy ? swap(path, temporary) : -ENOMEM;
	if (!error) {
		error = store__sync_directory(dirname(copy));
		unlink(temporary);
	}
	free(copy);
	return error;
}
