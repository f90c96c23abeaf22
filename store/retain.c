#include "store/retain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/log.h"
#include "store/segment.h"

static bool is_same(const char *path, const char *other)
{
	return other && strcmp(path, other) == 0;
}

/* Its last event is older than the limit. */
static bool is_old(const char *path, int64_t oldest_ns)
{
	struct store_segment *segment;
	if (oldest_ns == INT64_MIN || store_segment_open(&segment, path, NULL) != 0)
		return false;
	bool old = segment->index.count > 0;
	for (size_t i = segment->index.count; i > 0 && old; i--)
		old = segment->index.entries[i - 1].header.max_time_ns < oldest_ns;
	store_segment_close(segment);
	return old;
}

static void remove_aside(const char *path, const char *suffix)
{
	bool removed = true;
	for (int number = 1; number <= STORE_ASIDE_MAX && removed; number++) {
		char *aside = store_log_aside_path(path, suffix, number);
		removed = aside && unlink(aside) == 0;
		free(aside);
	}
}

static bool remove_segment(const char *path)
{
	if (unlink(path) != 0)
		return false;
	remove_aside(path, "torn");
	remove_aside(path, "damaged");
	return true;
}

int store__retain(const struct store__retention *retention, struct store__retained *retained)
{
	struct store_log_segments segments;
	uint64_t total = 0;
	int error = store_log_list(&segments, retention->dir, NULL);
	if (error)
		return error;
	*retained = (struct store__retained){0};
	for (size_t i = 0; i < segments.count; i++)
		total += segments.list[i].bytes;
	bool may_delete = true; /* the oldest first: the first one that stays ends it */
	for (size_t i = 0; i < segments.count; i++) {
		const struct store_log_segment *segment = &segments.list[i];
		if (is_same(segment->path, retention->open))
			continue;
		may_delete = may_delete && !is_same(segment->path, retention->rewrite) &&
			     ((retention->max_bytes > 0 && total > retention->max_bytes) ||
			      is_old(segment->path, retention->oldest_ns)) &&
			     remove_segment(segment->path);
		if (may_delete) {
			total -= segment->bytes;
			continue;
		}
		retained->bytes += segment->bytes;
		retained->segments++;
	}
	store_log_segments_fini(&segments);
	return 0;
}
