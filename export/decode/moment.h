/* moment.h - seconds and nanoseconds as the text of JSON: moments, and spans of time. */
#ifndef EXPORT_DECODE_MOMENT_H
#define EXPORT_DECODE_MOMENT_H

#include <stddef.h>
#include <stdint.h>

enum { EXPORT__MOMENT_TEXT = 64 };

/* "2026-11-23T07:57:19Z", with 3, 6 or 9 decimals where they are needed, of the years 1 to 9999. Returns its length; 0 when it is no
 * such moment. */
size_t export__moment_text(char text[EXPORT__MOMENT_TEXT], int64_t seconds, int64_t nanos);

/* "1.500s", "-3s": seconds and nanos of the same sign, at most 10,000 years. Returns its length; 0 when it is no such span. */
size_t export__span_text(char text[EXPORT__MOMENT_TEXT], int64_t seconds, int64_t nanos);

#endif
