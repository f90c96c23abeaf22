/* pace.h - wait for a moment of the monotonic clock, and no longer. */
#ifndef REPLAY_PLAY_PACE_H
#define REPLAY_PLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Waking up takes the kernel and the processor some ten microseconds. So a pace sleeps until shortly before the moment
 * and watches the clock for the rest: usually as long before as waking up has lately taken, which costs little;
 * precise, so long before that it is nearly never late, which costs a processor. */
struct replay_pace {
	bool precise;
	int64_t early_ns; /* how long before the moment to wake up */
};

/* The monotonic clock, nanoseconds. */
int64_t replay_now_ns(void);

/* Have the kernel wake the calling thread as near to the moment as it can: it may otherwise be 50 us late to save power. */
void replay_wake_sharply(void);

void replay_pace_init(struct replay_pace *pace, bool precise);

/* Sleep until at_ns of the monotonic clock; at once when it has passed. Returns what the clock says then, at_ns or later.
 * Learns from how long it took. */
int64_t replay_pace_until(struct replay_pace *pace, int64_t at_ns);

/* Likewise, but it does not matter whether some ten microseconds too late. */
int64_t replay_sleep_until(int64_t at_ns);

#endif
