/* clock.h - the clock that nobody sets. Internal to store. */
#ifndef STORE_WRITE_CLOCK_H
#define STORE_WRITE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past. */
int64_t store__monotonic_ms(void);

#endif
