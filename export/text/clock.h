/* clock.h - times as text. Nanoseconds since the epoch, signed 64-bit.
 *
 * Text for people is in local time (TZ), which they compare with clocks and other log files; text for
 * programs is in UTC. */
#ifndef EXPORT_TEXT_CLOCK_H
#define EXPORT_TEXT_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum export_clock_style {
	EXPORT_TIME_RFC3339,  /* 2026-11-23T07:57:19.123456789Z, or with +01:00 */
	EXPORT_TIME_CLOCK,    /* 07:57:19.123456 */
	EXPORT_TIME_CLOCK_MS, /* 07:57:19.123 */
	EXPORT_TIME_DAY,      /* 2026-11-23, Monday, UTC+01:00 */
	EXPORT_TIME_SECOND,   /* 2026-11-23 07:57:19 */
	EXPORT_TIME_ZONED,    /* 2026-11-23T07:57:19+01:00 */
};

enum { EXPORT_TIME_TEXT = 48 };

/* Formats times; remembers the last second, because consecutive times often share it. Zero-initialised except
 * utc. */
struct export_clock {
	bool utc;
	bool known;     /* the members below are filled in */
	int64_t second; /* since the epoch */
	int year, month, day, weekday, hour, minute, sec;
	int offset_minutes; /* east of Greenwich */
};

/* Writes at most EXPORT_TIME_TEXT bytes, NUL included, to out. Returns the length. */
size_t export_clock_text(struct export_clock *clock, int64_t ns, enum export_clock_style style, char *out);

/* A number that differs between any two days of the clock's calendar. */
int64_t export_clock_day(struct export_clock *clock, int64_t ns);

#endif
