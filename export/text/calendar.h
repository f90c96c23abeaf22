/* calendar.h - read times as RFC 3339 writes them. */
#ifndef EXPORT_TEXT_CALENDAR_H
#define EXPORT_TEXT_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct export_calendar {
	struct tm tm; /* date and time of day as written */
	int64_t fraction_ns;
	bool has_zone;
	int64_t offset_s; /* of the zone, east of Greenwich */
};

/* Read a date, YYYY-MM-DD, which `T` or a space, a time of day and a zone (Z, +hh:mm) may follow, and nothing else. Years are those that
 * nanoseconds since the epoch can express. False when the text is something else. */
bool export_calendar_read(struct export_calendar *calendar, const char *text);

/* Nanoseconds since the epoch. A time without a zone is UTC. */
int64_t export_calendar_ns(const struct export_calendar *calendar);

/* Read hh:mm, hh:mm:ss or hh:mm:ss.fraction at *at, which is advanced past it. A leap second is the first of the next minute. */
bool export_calendar_read_clock(const char **at, struct tm *tm, int64_t *fraction_ns);

/* Read `.25` as nanoseconds; digits beyond the ninth are dropped. No fraction is 0. */
bool export_calendar_read_fraction(const char **at, int64_t *ns);

#endif
