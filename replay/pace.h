/* pace.h - wait for a moment of the monotonic clock, and no longer. */
#ifndef REPLAY_PACE_H
#define REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* The monotonic clock, nanoseconds. */
int64_t replay_now_ns(void);

/* Have the kernel wake the calling thread as near to the moment as it can: it may otherwise be 50 us late to save power. */
void replay_pace_init(void);

/* Sleep until at_ns of the monotonic clock; returns at once when it has passed. precise: sleep until shortly before,
 * and watch the clock for the rest, which costs a processor but is late by less than a microsecond. Returns what
 * the clock says then. */
int64_t replay_pace_until(int64_t at_ns, bool precise);

#endif
