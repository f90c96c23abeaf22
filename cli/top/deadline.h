/* deadline.h - how long a call may take before keys are looked at again. Monotonic clock. */
#ifndef CLI_TOP_DEADLINE_H
#define CLI_TOP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

int64_t cli_top_deadline_in(int ms);
bool cli_top_deadline_has_passed(int64_t deadline_ns);

/* Milliseconds left, rounded up; 0 when it has passed. */
int cli_top_deadline_left_ms(int64_t deadline_ns);

#endif
