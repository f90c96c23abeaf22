/* clock.h - monotonic time. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>

int64_t bench_now_ns(void);
double bench_now_s(void);

/* Sleep until a time of bench_now_ns; returns at once when it is past. */
void bench_sleep_until(int64_t ns);

#endif
