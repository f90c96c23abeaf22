#include "support/deadline.h"

#include <time.h>

int64_t support_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct support_deadline support_deadline_in(int ms)
{
	return (struct support_deadline){.at_ns = support_now_ns() + ms * INT64_C(1000000)};
}

int support_deadline_left_ms(struct support_deadline deadline)
{
	int64_t left_ns = deadline.at_ns - support_now_ns();
	return left_ns <= 0 ? 0 : (int)((left_ns + 999999) / 1000000);
}

bool support_deadline_retry(struct support_deadline deadline)
{
	if (support_deadline_left_ms(deadline) == 0)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	return true;
}
