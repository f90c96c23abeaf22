#include "store/write/place.h"

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

/* Give up the open segment. What was moved away is whole there, and not lost. */
static void leave(struct store__chain *chain, bool has_directory, int64_t now_ms, struct store_loss *lost)
{
	struct store__output *output = &chain->output;
	bool is_lost = is_removed(has_directory && output->fd >= 0 ? output->fd : chain->lock.dir_fd);
	chain->closed_bytes -= store__repacker_join(&chain->repacker, true);
	if (!is_lost) {
		store__chain_end_segment(chain, now_ms);
		return;
	}
	store__output_abandon(output);
	chain->needs_sync = false;
	store_loss_add(lost, &chain->content);
	chain->content = (struct store_loss){0};
	store__history_lose(&chain->history, chain->dir, lost);
}

/* What would fail when the next segment begins, told before it does. */
static void look_for_trouble(struct store__chain *chain)
{
	int error = store_log_lock_again(&chain->lock, chain->dir);
	chain->place_trouble[0] = '\0';
	if (error)
		snprintf(chain->place_trouble, sizeof chain->place_trouble,
			 "the lock file was removed and cannot be made again: %s", wire_error_text(error));
	else if (faccessat(AT_FDCWD, chain->dir, W_OK | X_OK, AT_EACCESS) != 0)
		snprintf(chain->place_trouble, sizeof chain->place_trouble, "no new file can be made: %s",
			 wire_error_text(-errno));
}

int store__place_check(struct store__chain *chain, int64_t now_ms, struct store_loss *lost, const char **what)
{
	if (chain->is_homeless || now_ms - chain->checked_ms < CHECK_MS)
		return 0;
	chain->checked_ms = now_ms;
	bool has_directory = store_log_lock_is_of(&chain->lock, chain->dir);
	if (has_directory && (chain->output.fd < 0 || store__output_is_there(&chain->output))) {
		look_for_trouble(chain);
		return 0;
	}
	leave(chain, has_directory, now_ms, lost);
	chain->is_homeless = !has_directory;
	*what = has_directory ? "the file being written was removed or replaced"
			      : "the log's directory was removed or replaced";
	return -ENOENT;
}

/* ---- beginning again ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Go on in the directory that is there now. */
static int settle(struct store__chain *chain, const char **what)
{
	struct store__standing standing;
	struct store__care care = {.report = chain->options->report, .context = chain->options->context};
	int error = store__standing_find(&standing, chain->dir, &care, NULL);
	if (!error && standing.segments > 0 &&
	    memcmp(standing.log_id, chain->log_id, sizeof standing.log_id)) {
		*what = "another log is in its place";
		error = -EEXIST;
	}
	if (error)
		return error;
	chain->next_seq = larger(chain->next_seq, standing.next_seq);
	chain->next_conn = larger(chain->next_conn, standing.next_conn);
	chain->closed_bytes = standing.bytes;
	chain->closed_segments = standing.segments;
	return 0;
}

static int come_home(struct store__chain *chain, const char **what)
{
	struct store_log_lock lock;
	*what = "the log's directory cannot be made again";
	int error = store_log_lock(&lock, chain->dir, NULL);
	if (error)
		return error;
	error = settle(chain, what);
	if (error) {
		store_log_unlock(&lock);
		return error;
	}
	store_log_unlock(&chain->lock);
	chain->lock = lock;
	chain->is_homeless = false;
	return 0;
}

static int write_probe(struct store__chain *chain, int fd)
{
	static const char bytes[512] = "Does writing work again? This file may be removed.\n";
	int64_t done = chain->io.write(fd, bytes, sizeof bytes);
	if (done != (int64_t)sizeof bytes)
		return done < 0 ? -errno : -ENOSPC;
	return chain->options->sync != STORE_SYNC_NONE && chain->io.sync(fd) != 0 ? -errno : 0;
}

/* A segment that is begun in vain would stay, with a gap event that is not the last word. */
static int probe(struct store__chain *chain)
{
	char *path;
	if (asprintf(&path, "%s/.probe.tmp", chain->dir) < 0)
		return -ENOMEM;
	int fd = chain->io.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : write_probe(chain, fd);
	if (fd >= 0 && close(fd) != 0 && !error)
		error = -errno;
	if (fd >= 0)
		chain->io.unlink(path);
	free(path);
	if (!error && chain->options->sync != STORE_SYNC_NONE)
		error = store__sync_directory_by(&chain->io, chain->dir);
	return error;
}

int store__place_try(struct store__chain *chain, const char **what)
{
	int error = chain->is_homeless ? come_home(chain, what) : 0;
	if (error)
		return error;
	*what = "write";
	return probe(chain);
}
