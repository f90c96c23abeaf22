#include "replay/play/pace.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

enum {
	NS_PER_SECOND = 1000000000,
	/* Waking up is rarely slower: p99 is below 90 us with a timer slack of 1 ns. */
	PRECISE_NS = 80000,
	/* Steps of early_ns after each sleep: they balance where three wake-ups of four are in time. */
	STEP_LONGER_NS = 1500,
	STEP_SHORTER_NS = 500,
};

int64_t replay_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void replay_wake_sharply(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
}

void replay_pace_init(struct replay_pace *pace, bool precise)
{
	*pace = (struct replay_pace){.precise = precise, .early_ns = precise ? PRECISE_NS : 0};
}

int64_t replay_sleep_until(int64_t at_ns)
{
	const struct timespec at = {.tv_sec = at_ns / NS_PER_SECOND, .tv_nsec = at_ns % NS_PER_SECOND};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	return replay_now_ns();
}

/* Adapt early_ns to one wake-up. */
static void learn(struct replay_pace *pace, bool was_late)
{
	if (pace->precise)
		return;
	pace->early_ns += was_late ? STEP_LONGER_NS : -STEP_SHORTER_NS;
	if (pace->early_ns > PRECISE_NS)
		pace->early_ns = PRECISE_NS;
	if (pace->early_ns < 0)
		pace->early_ns = 0;
}

int64_t replay_pace_until(struct replay_pace *pace, int64_t at_ns)
{
	int64_t now_ns = replay_now_ns();

	if (now_ns < at_ns - pace->early_ns) {
		now_ns = replay_sleep_until(at_ns - pace->early_ns);
		learn(pace, now_ns > at_ns);
	}
	while (now_ns < at_ns)
		now_ns = replay_now_ns();
	return now_ns;
}
