#include "replay/pace.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	NS_PER_SECOND = 1000000000,
	SPIN_NS =
	    80000, /* longer than a wake-up usually takes: p99 is below 90 us with a timer slack of 1 ns */
};

int64_t replay_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void replay_pace_init(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
}

static void sleep_until(int64_t at_ns)
{
	const struct timespec at = {.tv_sec = at_ns / NS_PER_SECOND, .tv_nsec = at_ns % NS_PER_SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

int64_t replay_pace_until(int64_t at_ns, bool precise)
{
	int64_t now_ns = replay_now_ns();
	int64_t wake_ns = precise ? at_ns - SPIN_NS : at_ns;

	if (now_ns < wake_ns)
		sleep_until(wake_ns);
	do
		now_ns = replay_now_ns();
	while (now_ns < at_ns);
	return now_ns;
}
