/* clock.h - the monotonic clock. Internal to store. */
#ifndef STORE_WRITE_CLOCK_H
#define STORE_WRITE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary time; never set back. */
int64_t store__monotonic_ms(void);

#endif
