#include "store/care/retain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/read/log.h"
#include "store/read/segment_reader.h"

/* Clocks of two machines, or of a file system and a process, differ a little. */
#define SLACK_NS (INT64_C(60) * 1000000000)

enum { UNKNOWN = 0 };

struct run {
	const struct store__retention *retention;
	struct store_log_segments segments;
	struct store__retained *retained;
	uint64_t total;    /* bytes of all segments */
	int64_t latest_ns; /* the latest evidence of the segments so far; UNKNOWN = there is none */
	bool may_delete;   /* a segment that is too young ends it: those after it are younger */
};

static bool is_same(const char *path, const char *other)
{
	return other && strcmp(path, other) == 0;
}

/* ---- how old? ---- */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The time of the last event; UNKNOWN when the segment cannot be read or has none. */
static int64_t last_event_ns(const char *path)
{
	struct store_segment_reader *segment;
	int64_t last_ns = UNKNOWN;
	if (store_segment_reader_open(&segment, path, NULL) != 0)
		return UNKNOWN;
	for (size_t i = 0; i < segment->index.count; i++)
		last_ns = later(last_ns, segment->index.entries[i].header.max_time_ns);
	store_segment_reader_close(segment);
	return last_ns;
}

/* When the segment was written to last, as far as times that are not in the future tell; else UNKNOWN. */
static int64_t evidence(const struct store__retention *retention, const struct store_log_segment *segment)
{
	int64_t limit_ns = retention->now_ns + SLACK_NS, event_ns = last_event_ns(segment->path);
	int64_t modified_ns = segment->modified_ns;
	if (event_ns == UNKNOWN) /* what damaged it may have been long after */
		return UNKNOWN;
	return later(event_ns <= limit_ns ? event_ns : UNKNOWN,
		     modified_ns <= limit_ns ? modified_ns : UNKNOWN);
}

/* When segment number `at` was written to at the latest: a later one's evidence where its own is missing. */
static int64_t written_ns(const struct run *run, size_t at)
{
	int64_t found = UNKNOWN;
	for (; at < run->segments.count && found == UNKNOWN; at++)
		if (!is_same(run->segments.list[at].path, run->retention->open))
			found = evidence(run->retention, &run->segments.list[at]);
	return found;
}

/* Segments of an earlier writer's: by the wall clock. */
static bool is_old_by_wall(struct run *run, size_t at)
{
	const struct store__retention *retention = run->retention;
	if (retention->now_ms - retention->started_ms < STORE__RETAIN_SETTLE_MS)
		return false;
	int64_t found_ns = written_ns(run, at);
	run->latest_ns = later(run->latest_ns, found_ns);
	if (found_ns == UNKNOWN)
		snprintf(run->retained->stuck, sizeof run->retained->stuck,
			 "retention by age cannot judge %s and later segments, whose times lie in the future",
			 run->segments.list[at].path);
	return found_ns != UNKNOWN && retention->now_ns - run->latest_ns >= retention->max_age_ms * 1000000;
}

static bool is_old(struct run *run, size_t at)
{
	const struct store__retention *retention = run->retention;
	const struct store__ended_segment *ours =
	    store__history_find(retention->history, run->segments.list[at].first_seq);
	int64_t since_ms = ours ? ours->ended_ms : retention->started_ms;
	if (retention->max_age_ms == 0)
		return false;
	if (retention->now_ms - since_ms >= retention->max_age_ms)
		return true;
	return !ours && is_old_by_wall(run, at);
}

/* ---- deleting ---- */

static void remove_aside(const struct store_io *io, const char *path, const char *suffix)
{
	bool removed = true;
	for (int number = 1; number <= STORE_ASIDE_MAX && removed; number++) {
		char *aside = store_log_aside_path(path, suffix, number);
		removed = aside && io->unlink(aside) == 0;
		free(aside);
	}
}

/* False when it stays. */
static bool remove_segment(struct run *run, const char *path)
{
	const struct store_io *io = run->retention->io;
	if (io->unlink(path) != 0 && errno != ENOENT) {
		snprintf(run->retained->stuck, sizeof run->retained->stuck, "retention cannot delete %s: %s",
			 path, strerror(errno));
		return false;
	}
	remove_aside(io, path, "torn");
	remove_aside(io, path, "damaged");
	remove_aside(io, path, "tmp");
	return true;
}

static bool is_due(struct run *run, size_t at)
{
	const struct store__retention *retention = run->retention;
	bool is_too_much = retention->max_bytes > 0 && run->total > retention->max_bytes;
	return !is_same(run->segments.list[at].path, retention->rewrite) && (is_too_much || is_old(run, at));
}

static void look_at(struct run *run, size_t at)
{
	const struct store_log_segment *segment = &run->segments.list[at];
	if (is_same(segment->path, run->retention->open))
		return;
	run->may_delete = run->may_delete && is_due(run, at);
	if (run->may_delete && remove_segment(run, segment->path)) {
		run->total -= segment->bytes;
		return;
	}
	run->retained->bytes += segment->bytes;
	run->retained->segments++;
	if (segment->first_seq < run->retained->oldest_seq)
		run->retained->oldest_seq = segment->first_seq;
}

int store__retain(const struct store__retention *retention, struct store__retained *retained)
{
	struct run run = {.retention = retention, .retained = retained, .may_delete = true};
	int error = store_log_list(&run.segments, retention->dir, NULL);
	if (error)
		return error;
	*retained = (struct store__retained){.oldest_seq = UINT64_MAX};
	for (size_t i = 0; i < run.segments.count; i++)
		run.total += run.segments.list[i].bytes;
	for (size_t i = 0; i < run.segments.count; i++)
		look_at(&run, i);
	store_log_segments_fini(&run.segments);
	return 0;
}
