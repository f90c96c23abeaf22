/* uptime.h - when a log was being written: from its first to its last event, without the periods in which nothing was logged.
 *
 * Nothing was logged
 *   - between an event and the mark of a start after it: the recorder did not run (wire/mark.h);
 *   - in the span of a gap event that says how many messages are missing: the recorder could not keep up, or not write;
 *   - where blocks are missing or damaged.
 * Times are steady: without the steps of the clock (store/read/steps.h). */
#ifndef STORE_READ_UPTIME_H
#define STORE_READ_UPTIME_H

#include "wire/event.h"

/* Further periods are not kept: they count as time in which the recorder ran. */
enum { STORE_DOWN_PERIODS_MAX = 65536 };

struct store_period {
	int64_t from_ns, to_ns;
};

/* Zeroed = the log has no event. */
struct store_uptime {
	struct store_period life;  /* from the first event to the last */
	struct store_period *down; /* owned; after store_uptime_sort in order, none overlaps another */
	size_t len, cap;
};

void store_uptime_fini(struct store_uptime *uptime);

/* Nothing was logged in the span of this gap event. One without a number of messages may be of a single connection: others were
 * recorded meanwhile. */
bool store_uptime_is_down_in(const struct wire_event *gap);

/* Move all times. */
void store_uptime_shift(struct store_uptime *uptime, int64_t by_ns);

/* Add a period in which nothing was logged. 0 or -ENOMEM. */
int store_uptime_add_down(struct store_uptime *uptime, int64_t from_ns, int64_t to_ns);

/* Call it after the last period was added, before the questions below. */
void store_uptime_sort(struct store_uptime *uptime);

/* Join what is known of another log that is read together with this one. Afterwards the time is down in which neither was written,
 * the time between two logs included. Both are sorted. 0, or -ENOMEM, which leaves both as they were. */
int store_uptime_join(struct store_uptime *uptime, const struct store_uptime *other);

/* The time within a period in which nothing was logged although the log had begun and went on later. */
int64_t store_uptime_down(const struct store_uptime *uptime, struct store_period period);

/* The time within a period in which the log was written. */
int64_t store_uptime_up(const struct store_uptime *uptime, struct store_period period);

/* Likewise of the whole life. */
static inline int64_t store_uptime_all_down(const struct store_uptime *uptime)
{
	return store_uptime_down(uptime, uptime->life);
}
static inline int64_t store_uptime_all_up(const struct store_uptime *uptime)
{
	return store_uptime_up(uptime, uptime->life);
}

#endif
