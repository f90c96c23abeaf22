/* clock.h - the time of events, inside this folder: the realtime clock read once and advanced by the monotonic one, so
 * that it never jumps without saying so. */
#ifndef BROKER_CLOCK_H
#define BROKER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct broker__clock {
	int64_t anchor_ns;   /* realtime minus monotonic, as last accepted */
	int64_t check_at_ns; /* monotonic: when to compare the two again */
};

void broker__clock_init(struct broker__clock *clock);

/* Nanoseconds since the epoch. One clock call, now and then two. *step_ns is by how much the realtime clock had run
 * away when the anchor was renewed, nearly always 0: they are compared every 100 ms and may differ by as much. */
int64_t broker__clock_now(struct broker__clock *clock, int64_t *step_ns);

/* The rule alone: the clocks read `monotonic_ns` and `real_ns`. Returns the step, 0 when the anchor stays. */
int64_t broker__clock_compare(struct broker__clock *clock, int64_t monotonic_ns, int64_t real_ns);

#endif
