#include "net/clock.h"

#include <time.h>

enum { CHECK_EVERY_NS = 100 * 1000000, STEP_NS = 100 * 1000000 };

static int64_t read_clock(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void net_clock_init(struct net_clock *clock)
{
	int64_t monotonic = read_clock(CLOCK_MONOTONIC);
	*clock = (struct net_clock){.anchor_ns = read_clock(CLOCK_REALTIME) - monotonic,
				    .check_at_ns = monotonic + CHECK_EVERY_NS};
}

int64_t net_clock_compare(struct net_clock *clock, int64_t monotonic_ns, int64_t real_ns)
{
	int64_t step = real_ns - monotonic_ns - clock->anchor_ns;
	clock->check_at_ns = monotonic_ns + CHECK_EVERY_NS;
	if (step <= STEP_NS && step >= -STEP_NS)
		return 0;
	clock->anchor_ns += step;
	return step;
}

int64_t net_clock_now(struct net_clock *clock, int64_t *step_ns)
{
	int64_t monotonic = read_clock(CLOCK_MONOTONIC);
	*step_ns = 0;
	if (monotonic >= clock->check_at_ns)
		*step_ns = net_clock_compare(clock, monotonic, read_clock(CLOCK_REALTIME));
	return monotonic + clock->anchor_ns;
}
