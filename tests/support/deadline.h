/* deadline.h - a moment by which something must have happened.
 *
 * Tests never sleep and hope: they wait for a condition, and give up at a deadline. Monotonic clock. */
#ifndef SUPPORT_DEADLINE_H
#define SUPPORT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct support_deadline {
	int64_t at_ns;
};

struct support_deadline support_deadline_in(int ms);

/* Milliseconds left, rounded up, for poll(2); 0 when it has passed. */
int support_deadline_left_ms(struct support_deadline deadline);

/* Wait 2 ms before checking again a condition that must be polled. False when the deadline has passed. */
bool support_deadline_retry(struct support_deadline deadline);

/* The monotonic clock. */
int64_t support_now_ns(void);

#endif
