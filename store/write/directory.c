#include "store/write/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_MS = 500 };

/* ---- is it still there? ---- */

static bool is_removed(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 && info.st_nlink == 0;
}

/* Give up the open segment. A file that was only moved is whole in its new place and not lost. */
static void leave(struct store__segment_log *log, bool has_directory, int64_t now_ms,
		  struct store_loss_counter *lost)
{
	struct store__segment_writer *segment = &log->segment;
	bool is_lost = is_removed(has_directory && segment->fd >= 0 ? segment->fd : log->lock.dir_fd);
	log->closed_bytes -= store__repacker_join(&log->repacker, true);
	if (!is_lost) {
		store__segment_log_end_segment(log, now_ms);
		return;
	}
	store__segment_writer_abandon(segment);
	log->needs_sync = false;
	store_loss_counter_add(lost, &log->content);
	log->content = (struct store_loss_counter){0};
	store__ended_segments_lose(&log->ended, log->dir, lost);
}

/* Look for what would fail when the next segment begins, to report it early. */
static void look_for_trouble(struct store__segment_log *log)
{
	int error = store_log_lock_again(&log->lock, log->dir);
	log->directory_trouble[0] = '\0';
	if (error)
		snprintf(log->directory_trouble, sizeof log->directory_trouble,
			 "the lock file was removed and cannot be made again: %s", wire_error_text(error));
	else if (faccessat(AT_FDCWD, log->dir, W_OK | X_OK, AT_EACCESS) != 0)
		snprintf(log->directory_trouble, sizeof log->directory_trouble, "no new file can be made: %s",
			 wire_error_text(-errno));
}

int store__directory_check(struct store__segment_log *log, int64_t now_ms, struct store_loss_counter *lost,
			   const char **what)
{
	if (log->has_lost_directory || now_ms - log->checked_ms < CHECK_MS)
		return 0;
	log->checked_ms = now_ms;
	bool has_directory = store_log_lock_is_of(&log->lock, log->dir);
	if (has_directory && (log->segment.fd < 0 || store__segment_writer_is_there(&log->segment))) {
		look_for_trouble(log);
		return 0;
	}
	leave(log, has_directory, now_ms, lost);
	log->has_lost_directory = !has_directory;
	*what = has_directory ? "the file being written was removed or replaced"
			      : "the log's directory was removed or replaced";
	return -ENOENT;
}

/* ---- beginning again ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Take over the directory that is there now. */
static int take_over(struct store__segment_log *log, const char **what)
{
	struct store__log_state state;
	struct store__care care = {.report = log->options->report, .context = log->options->context};
	int error = store__log_state_find(&state, log->dir, &care, NULL);
	if (!error && state.segments > 0 && memcmp(state.log_id, log->log_id, sizeof state.log_id)) {
		*what = "another log is in its place";
		error = -EEXIST;
	}
	if (error)
		return error;
	log->next_seq = larger(log->next_seq, state.next_seq);
	log->next_conn = larger(log->next_conn, state.next_conn);
	log->closed_bytes = state.bytes;
	log->closed_segments = state.segments;
	return 0;
}

static int return_to_directory(struct store__segment_log *log, const char **what)
{
	struct store_log_lock lock;
	*what = "the log's directory cannot be made again";
	int error = store_log_lock(&lock, log->dir, NULL);
	if (error)
		return error;
	error = take_over(log, what);
	if (error) {
		store_log_unlock(&lock);
		return error;
	}
	store_log_unlock(&log->lock);
	log->lock = lock;
	log->has_lost_directory = false;
	return 0;
}

static int write_probe(struct store__segment_log *log, int fd)
{
	static const char bytes[512] = "Does writing work again? This file may be removed.\n";
	int64_t done = log->io.write(fd, bytes, sizeof bytes);
	if (done != (int64_t)sizeof bytes)
		return done < 0 ? -errno : -ENOSPC;
	return log->options->sync != STORE_SYNC_NONE && log->io.sync(fd) != 0 ? -errno : 0;
}

/* Try with a file of its own: a segment that fails would stay, with a gap event that is not final. */
static int probe(struct store__segment_log *log)
{
	char *path;
	if (asprintf(&path, "%s/.probe.tmp", log->dir) < 0)
		return -ENOMEM;
	int fd = log->io.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : write_probe(log, fd);
	if (fd >= 0 && close(fd) != 0 && !error)
		error = -errno;
	if (fd >= 0)
		log->io.unlink(path);
	free(path);
	if (!error && log->options->sync != STORE_SYNC_NONE)
		error = store__sync_directory_by(&log->io, log->dir);
	return error;
}

int store__directory_retry(struct store__segment_log *log, const char **what)
{
	int error = log->has_lost_directory ? return_to_directory(log, what) : 0;
	if (error)
		return error;
	*what = "write";
	return probe(log);
}
