#include "store/read/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/write/segment_writer.h"

enum { NAME_DIGITS = 20 };

static const char suffix[] = ".seg";

/* "DIR/NAME" as an owned string; NULL when out of memory. */
static char *join(const char *dir, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* "00000000000000000001.seg" is a segment; "….seg.torn", "….seg.tmp" and "….seg.damaged" are not. */
static bool read_name(const char *name, uint64_t *first_seq)
{
	char *end;
	if (strspn(name, "0123456789") != NAME_DIGITS || strcmp(name + NAME_DIGITS, suffix) != 0)
		return false;
	errno = 0;
	*first_seq = strtoull(name, &end, 10);
	return errno == 0;
}

/* Files that a log may hold besides its segments, and what a fresh file system puts into its root. */
static bool is_ours(const char *name)
{
	return strcmp(name, "lock") == 0 || name[0] == '.' || strcmp(name, "lost+found") == 0 ||
	       (strspn(name, "0123456789") == NAME_DIGITS &&
		strncmp(name + NAME_DIGITS, suffix, sizeof suffix - 1) == 0);
}

int64_t store_log_time_ns(const struct timespec *time)
{
	return time->tv_sec * INT64_C(1000000000) + time->tv_nsec;
}

/* Takes path in any case. */
static int add_segment(struct store_log_segments *segments, char *path, uint64_t first_seq)
{
	struct stat info;
	struct store_log_segment *list =
	    realloc(segments->list, (segments->count + 1) * sizeof *segments->list);
	if (list)
		segments->list = list;
	if (!list || !path) {
		free(path);
		return -ENOMEM;
	}
	if (stat(path, &info) != 0) {
		int error = errno;
		free(path);
		return error == ENOENT ? 0 : -error; /* retention took it meanwhile */
	}
	list[segments->count++] = (struct store_log_segment){.first_seq = first_seq,
							     .bytes = (uint64_t)info.st_size,
							     .modified_ns = store_log_time_ns(&info.st_mtim),
							     .path = path};
	return 0;
}

bool store_log_segment_seq(const char *path, uint64_t *first_seq)
{
	const char *slash = strrchr(path, '/');
	return read_name(slash ? slash + 1 : path, first_seq);
}

static int add_file(struct store_log_segments *segments, const char *path)
{
	uint64_t first_seq = 0;
	store_log_segment_seq(path, &first_seq);
	return add_segment(segments, strdup(path), first_seq);
}

static int compare(const void *a, const void *b)
{
	const struct store_log_segment *x = a, *y = b;
	return (x->first_seq > y->first_seq) - (x->first_seq < y->first_seq);
}

/* *foreign: there is something that no log holds. */
static int list_directory(struct store_log_segments *segments, DIR *dir, const char *path, bool *foreign)
{
	bool has_lock = false;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		uint64_t first_seq;
		has_lock |= strcmp(entry->d_name, "lock") == 0;
		*foreign |= !is_ours(entry->d_name);
		if (!read_name(entry->d_name, &first_seq))
			continue;
		int error = add_segment(segments, join(path, entry->d_name), first_seq);
		if (error)
			return error;
	}
	*foreign = *foreign && segments->count == 0 && !has_lock;
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
		error = add_file(segments, path);
	if (!error && foreign)
		error = STORE_EFORMAT;
	if (!error)
		return 0;
	store_log_segments_fini(segments);
	if (error == STORE_EFORMAT)
		return wire_fault_set(fault, error, "%s: not a tapedeck log: it holds files but no segment",
				      path);
	return wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error));
}

bool store_log_segment_is_unreadable(const struct store_log_segment *listed, int error)
{
	return (error == STORE_EDAMAGE || error == STORE_EFORMAT) && listed->first_seq > 0;
}

bool store_log_segment_is_stump(const struct store_log_segment *listed)
{
	return listed->bytes < STORE_FILE_HEADER_BYTES;
}

uint64_t store_log_segment_events(const struct store_log_segments *segments,
				  const struct store_log_segment *listed)
{
	const struct store_log_segment *next = listed + 1;
	return next < segments->list + segments->count ? next->first_seq - listed->first_seq : 1;
}

void store_log_segments_fini(struct store_log_segments *segments)
{
	for (size_t i = 0; i < segments->count; i++)
		free(segments->list[i].path);
	free(segments->list);
	*segments = (struct store_log_segments){0};
}

void store_log_remove_temporary(const char *dir)
{
	DIR *open = opendir(dir);
	for (struct dirent *entry; open && (entry = readdir(open)) != NULL;) {
		size_t len = strlen(entry->d_name);
		if (len > 4 && strcmp(entry->d_name + len - 4, ".tmp") == 0 && is_ours(entry->d_name))
			unlinkat(dirfd(open), entry->d_name, 0);
	}
	if (open)
		closedir(open);
}

/* ---- the lock ---- */

/* A lock of the open file: unlike the classic ones it is not lost when the process closes another descriptor of
 * the file, and it can be asked for without being taken. */
static struct flock whole_file(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* Sync the parent, so that the directory's name survives a crash as its contents do. */
static void sync_parent(const char *dir)
{
	char *copy = strdup(dir);
	if (copy)
		store__sync_directory(dirname(copy));
	free(copy);
}

/* The directory is new, empty, or a log. */
static int check_directory(const char *dir, struct wire_fault *fault)
{
	struct store_log_segments segments;
	struct stat info;
	if (mkdir(dir, 0700) == 0) {
		sync_parent(dir);
		return 0;
	}
	if (errno != EEXIST)
		return wire_fault_set(fault, -errno, "%s: cannot make the log's directory: %s", dir,
				      strerror(errno));
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

/* The text is for people only: a full disk must not keep a writer from starting. False when it could not be
 * written. */
static bool write_pid(int fd)
{
	char pid[32];
	int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	return ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)len, 0) == len;
}

/* Lock the file `lock`. A file descriptor, or a negative code with *fault. */
static int lock_file(const char *dir, struct wire_fault *fault)
{
	struct flock lock = whole_file(F_WRLCK);
	char *path = join(dir, "lock");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	int error = !path ? -ENOMEM : fd < 0 ? -errno : 0;
	free(path);
	if (error)
		return wire_fault_set(fault, error, "%s: cannot write there: %s", dir,
				      wire_error_text(error));
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
		(void)write_pid(fd);
		return fd;
	}
	error = errno == EAGAIN || errno == EACCES
		    ? say_locked(dir, fd, fault)
		    : wire_fault_set(fault, -errno, "%s: cannot lock: %s", dir, strerror(errno));
	close(fd);
	return error;
}

/* Lock the directory itself. Where the file system cannot (NFS does not lock directories), the lock on the file must
 * suffice. */
static int lock_directory(const char *dir, struct wire_fault *fault)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return wire_fault_set(fault, -errno, "%s: %s", dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return fd;
	close(fd);
	return wire_fault_set(fault, STORE_ELOCKED,
			      "%s: another process is recording into this log, whose lock file was removed; "
			      "stop it, or choose another directory",
			      dir);
}

int store_log_lock(struct store_log_lock *lock, const char *dir, struct wire_fault *fault)
{
	*lock = (struct store_log_lock){-1, -1};
	int error = check_directory(dir, fault);
	if (error)
		return error;
	lock->file_fd = lock_file(dir, fault);
	if (lock->file_fd < 0)
		return lock->file_fd;
	lock->dir_fd = lock_directory(dir, fault);
	error = lock->dir_fd < 0 ? lock->dir_fd : 0;
	if (error)
		store_log_unlock(lock);
	return error;
}

void store_log_unlock(struct store_log_lock *lock)
{
	if (lock->file_fd >= 0)
		close(lock->file_fd);
	if (lock->dir_fd >= 0)
		close(lock->dir_fd);
	*lock = (struct store_log_lock){-1, -1};
}

static bool is_at(int fd, const char *path)
{
	struct stat ours, found;
	return fd >= 0 && fstat(fd, &ours) == 0 && stat(path, &found) == 0 && ours.st_dev == found.st_dev &&
	       ours.st_ino == found.st_ino;
}

bool store_log_lock_is_of(const struct store_log_lock *lock, const char *dir)
{
	return is_at(lock->dir_fd, dir);
}

int store_log_lock_again(struct store_log_lock *lock, const char *dir)
{
	char *path = join(dir, "lock");
	bool is_there = path && is_at(lock->file_fd, path);
	free(path);
	if (is_there || !path)
		return path ? 0 : -ENOMEM;
	int fd = lock_file(dir, NULL);
	if (fd < 0)
		return fd;
	close(lock->file_fd);
	lock->file_fd = fd;
	return 0;
}

bool store_log_is_locked(const char *dir)
{
	struct flock lock = whole_file(F_RDLCK);
	char *path = join(dir, "lock");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	free(path);
	if (fd < 0)
		return false;
	bool locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return locked;
}

char *store_log_segment_path(const char *dir, uint64_t first_seq)
{
	char *path = NULL;
	return asprintf(&path, "%s/%020" PRIu64 "%s", dir, first_seq, suffix) < 0 ? NULL : path;
}

char *store_log_quarantine_path(const char *path, const char *aside_suffix, int number)
{
	char *aside = NULL;
	int len = number == 1 ? asprintf(&aside, "%s.%s", path, aside_suffix)
			      : asprintf(&aside, "%s.%s.%d", path, aside_suffix, number);
	return len < 0 ? NULL : aside;
}
