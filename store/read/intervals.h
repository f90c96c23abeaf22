/* intervals.h - the messages of a log by intervals of time, empty ones included.
 *
 * Times are steady, so that a step of the clock makes no interval longer. Interval 0 holds the first event that was counted; intervals
 * begin at multiples of their length. Of a block that passes the filter as a whole and lies within one interval only its header is
 * read, or its dictionary when the filter is about subjects. */
#ifndef STORE_READ_INTERVALS_H
#define STORE_READ_INTERVALS_H

#include "store/filter/filter.h"
#include "store/read/uptime.h"
#include "wire/progress.h"
#include "wire/source.h"

/* More are refused: nobody reads them, and one wrong time would take all memory. */
enum { STORE_INTERVALS_MAX = 100000 };

struct store_interval {
	uint64_t messages, bytes; /* of headers and payloads */
	uint64_t errors, gaps;
	uint64_t gap_messages; /* that the gaps stand for */
	int64_t up_ns;   /* of the interval, while the log was written; and within the times of the filter */
	int64_t down_ns; /* of the interval, while nothing was logged (store/read/uptime.h) */
	int64_t step_ns; /* by which the clock was set in it; 0 = it was not */
};

struct store_intervals {
	int64_t every_ns;               /* > 0 */
	int64_t (*zone_ns)(int64_t ns); /* how far local time is ahead of UTC then; NULL = intervals begin at
					   multiples of their length in UTC */
	int64_t base_ns;                /* when interval 0 begins, on the clock of the log's beginning */
	struct store_interval *list;
	size_t len, cap;
	struct store_interval total; /* of all; without step_ns */
	struct wire_damage damage;   /* that was met */
	bool has_base;
};

/* No intervals yet. */
void store_intervals_init(struct store_intervals *intervals, int64_t every_ns,
			  int64_t (*zone_ns)(int64_t ns));
void store_intervals_fini(struct store_intervals *intervals);

/* Count the events of the log directory or segment at path that pass the filter (NULL: all). progress: called for every block; may be NULL.
 * 0; -E2BIG when more than
 * STORE_INTERVALS_MAX intervals are needed; or another negative code; with *fault. */
int store_intervals_read(struct store_intervals *intervals, const char *path,
			 const struct store_filter *filter, struct wire_progress *progress,
			 struct wire_fault *fault);

/* Count one event of another source. 0, -ENOMEM or -E2BIG. */
int store_intervals_add(struct store_intervals *intervals, const struct wire_event *event);

/* The number of the interval of a time, of an event that was counted. */
size_t store_intervals_number(const struct store_intervals *intervals, int64_t steady_ns);

/* After the last event: fill in up_ns and down_ns by when the source was recorded. */
void store_intervals_end(struct store_intervals *intervals, const struct store_uptime *uptime);

/* When interval `number` begins, on the clock of the log's beginning. INT64_MAX when that is not a time. */
int64_t store_interval_begin(const struct store_intervals *intervals, size_t number);

#endif
