/* clock.h - the time of events: the realtime clock, advanced by the monotonic one, so that no step goes unreported. */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct net_clock {
	int64_t anchor_ns;   /* realtime minus monotonic, as last accepted */
	int64_t check_at_ns; /* monotonic: when to compare the two again */
};

void net_clock_init(struct net_clock *clock);

/* Nanoseconds since the epoch. One clock call, sometimes two. *step_ns is the step of the realtime clock, nearly always 0:
 * the clocks are compared every 100 ms, and a difference up to 100 ms is no step. */
int64_t net_clock_now(struct net_clock *clock, int64_t *step_ns);

/* Compare the clocks, which read `monotonic_ns` and `real_ns`. Returns the step, 0 when the anchor stays. */
int64_t net_clock_compare(struct net_clock *clock, int64_t monotonic_ns, int64_t real_ns);

#endif
