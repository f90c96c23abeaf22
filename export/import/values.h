/* values.h - numbers and times from text. */
#ifndef EXPORT_IMPORT_VALUES_H
#define EXPORT_IMPORT_VALUES_H

#include <stdint.h>

#include "wire/slice.h"

/* Digits only. False for anything else, and beyond 64 bits. */
bool export__value_count(struct wire_slice text, uint64_t *count);

/* Microseconds with up to three decimals, as nanoseconds; may be negative. */
bool export__value_us(struct wire_slice text, int64_t *ns);

/* A time, as nanoseconds since the epoch: RFC 3339 (without a zone it is UTC), or a number of seconds, milli-, micro- or nanoseconds since
 * the epoch, told apart by its digits as in --since; seconds may have decimals. */
bool export__value_time(struct wire_slice text, int64_t *ns);

#endif
