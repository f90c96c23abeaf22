#include "store/care/new_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/care/event_file.h"
#include "store/read/log.h"

struct store_new_log {
	struct wire_sink sink;
	char *dir, *temporary;
	struct store_new_log_options options;
	struct store_log_lock lock;
	struct store__event_file file;
	struct store_file_header header; /* of the segment being written */
	uint64_t next_seq, next_conn;
	uint64_t bytes; /* of segments that were ended */
	bool is_owned;  /* the temporary directory: the marker in it is ours */
	bool is_finished;
	int error;
};

/* ---- directories ---- */

/* Remove the files of a log, the lock included, and its directory. */
static void remove_log(const char *path)
{
	DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* Remove the segments that an interrupted attempt left. */
static int clear(const char *path)
{
	struct store_log_segments left;
	int error = store_log_list(&left, path, NULL);
	for (size_t i = 0; !error && i < left.count; i++)
		unlink(left.list[i].path);
	if (!error)
		store_log_segments_fini(&left);
	return error;
}

/* There is no such directory, or it holds nothing but perhaps the file `except`. */
static bool is_free(const char *path, const char *except)
{
	bool is_empty = true;
	DIR *dir = opendir(path);
	if (!dir)
		return errno == ENOENT;
	for (struct dirent *entry; is_empty && (entry = readdir(dir)) != NULL;)
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			   strcmp(entry->d_name, except) == 0;
	closedir(dir);
	return is_empty;
}

static bool has_marker(const char *path)
{
	char *marker;
	if (asprintf(&marker, "%s/%s", path, STORE_LOG_UNFINISHED) < 0)
		return false;
	bool has = access(marker, F_OK) == 0;
	free(marker);
	return has;
}

/* A log of somebody else may have the name of the temporary directory. */
static int check_temporary(const char *path, struct wire_fault *fault)
{
	if (is_free(path, "lock") || has_marker(path))
		return 0;
	return wire_fault_set(fault, -EEXIST,
			      "%s: there is something already; move it away: the new log is written there "
			      "until it is complete",
			      path);
}

static int sync_parent(const char *path)
{
	char *copy = strdup(path);
	int error = copy ? store__sync_directory(dirname(copy)) : -ENOMEM;
	free(copy);
	return error;
}

/* ---- segments ---- */

static void begin_segment(struct store_new_log *log)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	log->header.first_seq = log->next_seq;
	log->header.next_conn = log->next_conn;
	log->header.created_ns = store_log_time_ns(&now);
	log->error = store__event_file_begin(
	    &log->file, store_log_segment_path(log->temporary, log->next_seq), &log->header);
}

static void end_segment(struct store_new_log *log)
{
	struct store__segment_end ended = store__event_file_end(&log->file);
	log->bytes += ended.bytes;
	log->error = log->error ? log->error : ended.error;
}

bool store_new_log_turn(struct store_new_log *log)
{
	const struct store__segment_writer *segment = &log->file.segment;
	if (segment->fd >= 0 && !log->error &&
	    (segment->end >= log->options.segment_bytes ||
	     segment->index.count >= STORE_SEGMENT_BLOCKS_MAX - 1))
		end_segment(log);
	return segment->fd < 0;
}

static void note_conn(struct store_new_log *log, uint64_t conn)
{
	if (conn >= log->next_conn)
		log->next_conn = conn + 1;
}

static void on_event(struct wire_sink *sink, const struct wire_event *event)
{
	struct store_new_log *log = (struct store_new_log *)sink;
	struct wire_event numbered = *event;
	if (!log->error && log->file.segment.fd < 0)
		begin_segment(log);
	if (log->error)
		return;
	numbered.seq = log->next_seq++;
	numbered.subject_hint = numbered.receivers_hint = NULL;
	note_conn(log, event->conn);
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		note_conn(log, event->receivers[i].conn);
	log->error = store__event_file_add(&log->file, &numbered);
}

/* ---- opening and finishing ---- */

static int refuse(struct store_new_log *log, int error, struct wire_fault *fault)
{
	return wire_fault_set(fault, error, "%s: cannot write the log: %s", log->dir, wire_error_text(error));
}

/* Lock the temporary directory, and mark it as ours. The second check: it may have changed before it was locked. */
static int own_temporary(struct store_new_log *log, struct wire_fault *fault)
{
	int error = check_temporary(log->temporary, fault);
	error = error ? error : store_log_lock(&log->lock, log->temporary, fault);
	error = error ? error : check_temporary(log->temporary, fault);
	if (error)
		return error;
	int fd =
	    openat(log->lock.dir_fd, STORE_LOG_UNFINISHED, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return refuse(log, -errno, fault);
	close(fd);
	log->is_owned = true;
	return 0;
}

static int begin(struct store_new_log *log, const char *dir, struct wire_fault *fault)
{
	size_t len = strlen(dir);
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (!(log->dir = strndup(dir, len)) || asprintf(&log->temporary, "%s.tmp", log->dir) < 0)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	if (!is_free(log->dir, ""))
		return wire_fault_set(fault, -EEXIST, "%s: there is something already; name a new directory",
				      log->dir);
	int error = own_temporary(log, fault);
	if (error)
		return error;
	error = clear(log->temporary);
	if (!error && getrandom(log->header.log_id, sizeof log->header.log_id, 0) < 0)
		error = -errno;
	error = error ? error : store__event_file_init(&log->file, log->header.log_id, log->options.level);
	return error ? refuse(log, error, fault) : 0;
}

int store_new_log_open(struct store_new_log **log, const char *dir,
		       const struct store_new_log_options *options, struct wire_fault *fault)
{
	struct store_new_log *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	opened->sink.event = on_event;
	opened->options = *options;
	opened->lock = (struct store_log_lock){-1, -1};
	opened->file.segment.fd = -1;
	opened->header =
	    (struct store_file_header){.major = STORE_VERSION_MAJOR, .minor = STORE_VERSION_MINOR};
	opened->next_seq = opened->next_conn = 1;
	snprintf(opened->header.written_by, sizeof opened->header.written_by, "%s", options->written_by);
	int error = begin(opened, dir, fault);
	if (error) {
		store_new_log_close(opened);
		return error;
	}
	*log = opened;
	return 0;
}

struct wire_sink *store_new_log_sink(struct store_new_log *log)
{
	return &log->sink;
}

int store_new_log_error(const struct store_new_log *log)
{
	return log->error;
}

uint64_t store_new_log_events(const struct store_new_log *log)
{
	return log->next_seq - 1;
}

uint64_t store_new_log_bytes(const struct store_new_log *log)
{
	return log->bytes;
}

/* The marker and the lock's file are not part of what appears: who opens the log makes its own lock. */
static int appear(struct store_new_log *log)
{
	unlinkat(log->lock.dir_fd, STORE_LOG_UNFINISHED, 0);
	unlinkat(log->lock.dir_fd, "lock", 0);
	int error = store__sync_directory(log->temporary);
	if (!error && rename(log->temporary, log->dir) != 0)
		error = errno == ENOTEMPTY ? -EEXIST : -errno;
	log->is_finished = !error;
	return error ? error : sync_parent(log->dir);
}

int store_new_log_finish(struct store_new_log *log, struct wire_fault *fault)
{
	if (log->file.segment.fd >= 0)
		end_segment(log);
	if (!log->error)
		log->error = appear(log);
	return log->error ? refuse(log, log->error, fault) : 0;
}

void store_new_log_close(struct store_new_log *log)
{
	if (!log)
		return;
	store__event_file_fini(&log->file);
	if (log->is_owned && !log->is_finished)
		remove_log(log->temporary);
	store_log_unlock(&log->lock);
	free(log->temporary);
	free(log->dir);
	free(log);
}
