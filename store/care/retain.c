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

struct sweep {
	const struct store__retention *retention;
	struct store_log_segments segments;
	struct store__retained *retained;
	uint64_t total;    /* bytes of all segments */
	int64_t latest_ns; /* the latest evidence of the segments so far; UNKNOWN = there is none */
	bool may_delete;   /* until the first segment that is too young: those after it are younger */
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

/* When the segment was last written to, by those of its times that are not in the future; UNKNOWN when all are. */
static int64_t evidence(const struct store__retention *retention, const struct store_log_segment *segment)
{
	int64_t limit_ns = retention->now_ns + SLACK_NS, event_ns = last_event_ns(segment->path);
	int64_t modified_ns = segment->modified_ns;
	if (event_ns == UNKNOWN) /* a damaged file may have been modified long after */
		return UNKNOWN;
	return later(event_ns <= limit_ns ? event_ns : UNKNOWN,
		     modified_ns <= limit_ns ? modified_ns : UNKNOWN);
}

/* When segment number `at` was last written to: the evidence of the next segment where its own is missing. */
static int64_t written_ns(const struct sweep *sweep, size_t at)
{
	int64_t found = UNKNOWN;
	for (; at < sweep->segments.count && found == UNKNOWN; at++)
		if (!is_same(sweep->segments.list[at].path, sweep->retention->open))
			found = evidence(sweep->retention, &sweep->segments.list[at]);
	return found;
}

/* Judge a segment of an earlier writer by the wall clock. */
static bool is_old_by_wall(struct sweep *sweep, size_t at)
{
	const struct store__retention *retention = sweep->retention;
	if (retention->now_ms - retention->started_ms < STORE__RETAIN_SETTLE_MS)
		return false;
	int64_t found_ns = written_ns(sweep, at);
	sweep->latest_ns = later(sweep->latest_ns, found_ns);
	if (found_ns == UNKNOWN)
		snprintf(sweep->retained->trouble, sizeof sweep->retained->trouble,
			 "retention by age cannot judge %s and later segments, whose times lie in the future",
			 sweep->segments.list[at].path);
	return found_ns != UNKNOWN && retention->now_ns - sweep->latest_ns >= retention->max_age_ms * 1000000;
}

static bool is_old(struct sweep *sweep, size_t at)
{
	const struct store__retention *retention = sweep->retention;
	const struct store__ended_segment *ours =
	    store__ended_segments_find(retention->ended, sweep->segments.list[at].first_seq);
	int64_t since_ms = ours ? ours->ended_ms : retention->started_ms;
	if (retention->max_age_ms == 0)
		return false;
	if (retention->now_ms - since_ms >= retention->max_age_ms)
		return true;
	return !ours && is_old_by_wall(sweep, at);
}

/* ---- deleting ---- */

static void remove_quarantined(const struct store_io *io, const char *path, const char *suffix)
{
	bool removed = true;
	for (int number = 1; number <= STORE_QUARANTINE_MAX && removed; number++) {
		char *kept_as = store_log_quarantine_path(path, suffix, number);
		removed = kept_as && io->unlink(kept_as) == 0;
		free(kept_as);
	}
}

/* False when it stays. */
static bool remove_segment(struct sweep *sweep, const char *path)
{
	const struct store_io *io = sweep->retention->io;
	if (io->unlink(path) != 0 && errno != ENOENT) {
		snprintf(sweep->retained->trouble, sizeof sweep->retained->trouble,
			 "retention cannot delete %s: %s", path, strerror(errno));
		return false;
	}
	remove_quarantined(io, path, "torn");
	remove_quarantined(io, path, "damaged");
	remove_quarantined(io, path, "tmp");
	return true;
}

static bool is_due(struct sweep *sweep, size_t at)
{
	const struct store__retention *retention = sweep->retention;
	bool is_too_much = retention->max_bytes > 0 && sweep->total > retention->max_bytes;
	return !is_same(sweep->segments.list[at].path, retention->rewrite) &&
	       (is_too_much || is_old(sweep, at));
}

static void look_at(struct sweep *sweep, size_t at)
{
	const struct store_log_segment *segment = &sweep->segments.list[at];
	if (is_same(segment->path, sweep->retention->open))
		return;
	sweep->may_delete = sweep->may_delete && is_due(sweep, at);
	if (sweep->may_delete && remove_segment(sweep, segment->path)) {
		sweep->total -= segment->bytes;
		return;
	}
	sweep->retained->bytes += segment->bytes;
	sweep->retained->segments++;
	if (segment->first_seq < sweep->retained->oldest_seq)
		sweep->retained->oldest_seq = segment->first_seq;
}

int store__retain(const struct store__retention *retention, struct store__retained *retained)
{
	struct sweep sweep = {.retention = retention, .retained = retained, .may_delete = true};
	int error = store_log_list(&sweep.segments, retention->dir, NULL);
	if (error)
		return error;
	*retained = (struct store__retained){.oldest_seq = UINT64_MAX};
	for (size_t i = 0; i < sweep.segments.count; i++)
		sweep.total += sweep.segments.list[i].bytes;
	for (size_t i = 0; i < sweep.segments.count; i++)
		look_at(&sweep, i);
	store_log_segments_fini(&sweep.segments);
	return 0;
}
