/* pace.h - wait until a moment of the monotonic clock, as exactly as the machine allows. */
#ifndef REPLAY_PLAY_PACE_H
#define REPLAY_PLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Waking up takes some ten microseconds. So sleep until early_ns before the moment and watch the clock for the rest.
 * early_ns follows the time that waking up has lately taken, which costs little; with `precise` it is fixed and so long
 * that the caller is almost never late, which costs a processor. */
struct replay_pace {
	bool precise;
	int64_t early_ns; /* how long before the moment to wake up */
};

/* The monotonic clock, nanoseconds. */
int64_t replay_now_ns(void);

/* Ask the kernel to wake the calling thread as exactly as it can. By default it may be 50 us late to save power. */
void replay_wake_sharply(void);

void replay_pace_init(struct replay_pace *pace, bool precise);

/* Sleep until at_ns of the monotonic clock; return at once when it has passed. Returns the time then, at_ns or later.
 * Adapts early_ns. */
int64_t replay_pace_until(struct replay_pace *pace, int64_t at_ns);

/* Likewise, but maybe some ten microseconds late. */
int64_t replay_sleep_until(int64_t at_ns);

#endif
