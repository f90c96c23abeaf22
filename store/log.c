#include "store/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_DIGITS = 20, PATH_BYTES = 4096 };

static const char suffix[] = ".seg";

/* "00000000000000000001.seg" is a segment; ".torn", ".tmp" and ".damaged" behind it are not. */
static bool read_name(const char *name, uint64_t *first_seq)
{
	char *end;
	if (strspn(name, "0123456789") != NAME_DIGITS || strcmp(name + NAME_DIGITS, suffix) != 0)
		return false;
	errno = 0;
	*first_seq = strtoull(name, &end, 10);
	return errno == 0;
}

/* Files that a log may hold besides its segments. */
static bool is_ours(const char *name)
{
	return strcmp(name, "lock") == 0 || name[0] == '.' ||
	       (strspn(name, "0123456789") == NAME_DIGITS &&
		strncmp(name + NAME_DIGITS, suffix, sizeof suffix - 1) == 0);
}

static int add_segment(struct store_log_segments *segments, const char *path, uint64_t first_seq)
{
	struct stat info;
	if (stat(path, &info) != 0)
		return errno == ENOENT ? 0 : -errno; /* retention took it meanwhile */
	struct store_log_segment *list = realloc(segments->list, (segments->count + 1) * sizeof *list);
	if (!list)
		return -ENOMEM;
	segments->list = list;
	list[segments->count] = (struct store_log_segment){
	    .first_seq = first_seq, .bytes = (uint64_t)info.st_size, .path = strdup(path)};
	return list[segments->count++].path ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	const struct store_log_segment *x = a, *y = b;
	return (x->first_seq > y->first_seq) - (x->first_seq < y->first_seq);
}

static int list_directory(struct store_log_segments *segments, DIR *dir, const char *path, bool *foreign)
{
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char full[PATH_BYTES];
		uint64_t first_seq;
		*foreign |= !is_ours(entry->d_name);
		if (!read_name(entry->d_name, &first_seq))
			continue;
		snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
		int error = add_segment(segments, full, first_seq);
		if (error)
			return error;
	}
	if (segments->count > 0)
		qsort(segments->list, segments->count, sizeof *segments->list, compare);
	return 0;
}

int store_log_list(struct store_log_segments *segments, const char *path, struct wire_fault *fault)
{
	bool foreign = false;
	*segments = (struct store_log_segments){0};
	DIR *dir = opendir(path);
	int error = dir ? list_directory(segments, dir, path, &foreign) : -errno;
	if (dir)
		closedir(dir);
	if (error == -ENOTDIR)
		error = add_segment(segments, path, 0);
	if (!error && segments->count == 0 && foreign)
		error = STORE_EFORMAT;
	if (!error)
		return 0;
	store_log_segments_fini(segments);
	if (error == STORE_EFORMAT)
		return wire_fault_set(fault, error, "%s: not a tapedeck log: it holds files but no segment",
				      path);
	return wire_fault_set(fault, error, "%s: %s", path, strerror(-error));
}

void store_log_segments_fini(struct store_log_segments *segments)
{
	for (size_t i = 0; i < segments->count; i++)
		free(segments->list[i].path);
	free(segments->list);
	*segments = (struct store_log_segments){0};
}

static void lock_path(char *out, const char *dir)
{
	snprintf(out, PATH_BYTES, "%s/lock", dir);
}

/* The directory is new, empty, or a log. */
static int check_directory(const char *dir, struct wire_fault *fault)
{
	struct store_log_segments segments;
	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return wire_fault_set(fault, -errno, "%s: cannot make the log's directory: %s", dir,
				      strerror(errno));
	struct stat info;
	if (stat(dir, &info) == 0 && !S_ISDIR(info.st_mode))
		return wire_fault_set(fault, -ENOTDIR, "%s: not a directory; a log needs one of its own",
				      dir);
	int error = store_log_list(&segments, dir, fault);
	if (!error)
		store_log_segments_fini(&segments);
	return error;
}

static int say_locked(const char *dir, int fd, struct wire_fault *fault)
{
	char pid[32] = "";
	ssize_t len = pread(fd, pid, sizeof pid - 1, 0);
	pid[len > 0 ? strcspn(pid, "\n") : 0] = '\0';
	return wire_fault_set(
	    fault, STORE_ELOCKED,
	    "%s: process %s is recording into this log; stop it, or choose another directory", dir,
	    *pid ? pid : "?");
}

int store_log_lock(const char *dir, struct wire_fault *fault)
{
	char path[PATH_BYTES], pid[32];
	int error = check_directory(dir, fault);
	if (error)
		return error;
	lock_path(path, dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return wire_fault_set(fault, -errno, "%s: cannot write there: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error = say_locked(dir, fd, fault);
		close(fd);
		return error;
	}
	int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	/* The pid is for people: a full disk must not keep us from starting. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len)
		errno = 0;
	return fd;
}

bool store_log_is_locked(const char *dir)
{
	char path[PATH_BYTES];
	lock_path(path, dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

char *store_log_segment_path(const char *dir, uint64_t first_seq)
{
	char *path = NULL;
	return asprintf(&path, "%s/%020" PRIu64 "%s", dir, first_seq, suffix) < 0 ? NULL : path;
}
