#include "cli/top/deadline.h"

#include <time.h>

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t cli_top_deadline_in(int ms)
{
	return now_ns() + (int64_t)ms * 1000000;
}

bool cli_top_deadline_has_passed(int64_t deadline_ns)
{
	return now_ns() >= deadline_ns;
}

int cli_top_deadline_left_ms(int64_t deadline_ns)
{
	int64_t left_ns = deadline_ns - now_ns();
	return left_ns > 0 ? (int)((left_ns + 999999) / 1000000) : 0;
}
