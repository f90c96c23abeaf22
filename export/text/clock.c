#include "export/text/clock.h"

#include <stdio.h>
#include <time.h>

enum { NS_PER_SECOND = 1000000000 };

/* Split into whole seconds and the nanoseconds after them, which are never negative. */
static int64_t floor_second(int64_t ns, int *rest_ns)
{
	int64_t second = ns / NS_PER_SECOND;
	int64_t rest = ns % NS_PER_SECOND;

	if (rest < 0) {
		rest += NS_PER_SECOND;
		second--;
	}
	*rest_ns = (int)rest;
	return second;
}

static void clock_set(struct export_clock *clock, int64_t second)
{
	struct tm tm = {0};
	time_t time = (time_t)second;

	if (clock->known && clock->second == second)
		return;
	if (clock->utc)
		gmtime_r(&time, &tm);
	else
		localtime_r(&time, &tm);
	clock->known = true;
	clock->second = second;
	clock->year = tm.tm_year + 1900;
	clock->month = tm.tm_mon + 1;
	clock->day = tm.tm_mday;
	clock->weekday = tm.tm_wday;
	clock->hour = tm.tm_hour;
	clock->minute = tm.tm_min;
	clock->sec = tm.tm_sec;
	clock->offset_minutes = (int)(tm.tm_gmtoff / 60);
}

static void put_digits(char *out, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

static size_t put_date(const struct export_clock *clock, char *out)
{
	put_digits(out, clock->year, 4);
	out[4] = '-';
	put_digits(out + 5, clock->month, 2);
	out[7] = '-';
	put_digits(out + 8, clock->day, 2);
	return 10;
}

/* hh:mm:ss and `decimals` digits of the fraction. */
static size_t put_clock(const struct export_clock *clock, int ns, int decimals, char *out)
{
	put_digits(out, clock->hour, 2);
	out[2] = ':';
	put_digits(out + 3, clock->minute, 2);
	out[5] = ':';
	put_digits(out + 6, clock->sec, 2);
	if (decimals == 0)
		return 8;
	for (int i = decimals; i < 9; i++)
		ns /= 10;
	out[8] = '.';
	put_digits(out + 9, ns, decimals);
	return (size_t)(9 + decimals);
}

static size_t put_offset(const struct export_clock *clock, char *out)
{
	int minutes = clock->offset_minutes;

	out[0] = minutes < 0 ? '-' : '+';
	if (minutes < 0)
		minutes = -minutes;
	put_digits(out + 1, minutes / 60, 2);
	out[3] = ':';
	put_digits(out + 4, minutes % 60, 2);
	return 6;
}

static size_t put_zoned(const struct export_clock *clock, char *out)
{
	size_t len = put_date(clock, out);

	out[len++] = 'T';
	len += put_clock(clock, 0, 0, out + len);
	return len + put_offset(clock, out + len);
}

static size_t put_rfc3339(const struct export_clock *clock, int ns, char *out)
{
	size_t len = put_date(clock, out);

	out[len++] = 'T';
	len += put_clock(clock, ns, 9, out + len);
	if (!clock->utc)
		return len + put_offset(clock, out + len);
	out[len++] = 'Z';
	return len;
}

static size_t put_day(const struct export_clock *clock, char *out)
{
	static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday"};
	size_t len = put_date(clock, out);

	len += (size_t)snprintf(out + len, EXPORT_TIME_TEXT - len, ", %s, UTC", names[clock->weekday]);
	if (clock->offset_minutes == 0)
		return len;
	return len + put_offset(clock, out + len);
}

static size_t put_second(const struct export_clock *clock, char *out)
{
	size_t len = put_date(clock, out);

	out[len++] = ' ';
	return len + put_clock(clock, 0, 0, out + len);
}

size_t export_clock_text(struct export_clock *clock, int64_t ns, enum export_clock_style style, char *out)
{
	int rest_ns;
	size_t len = 0;

	clock_set(clock, floor_second(ns, &rest_ns));
	switch (style) {
	case EXPORT_TIME_RFC3339: len = put_rfc3339(clock, rest_ns, out); break;
	case EXPORT_TIME_CLOCK: len = put_clock(clock, rest_ns, 6, out); break;
	case EXPORT_TIME_CLOCK_MS: len = put_clock(clock, rest_ns, 3, out); break;
	case EXPORT_TIME_DAY: len = put_day(clock, out); break;
	case EXPORT_TIME_SECOND: len = put_second(clock, out); break;
	case EXPORT_TIME_ZONED: len = put_zoned(clock, out); break;
	}
	out[len] = '\0';
	return len;
}

int64_t export_clock_day(struct export_clock *clock, int64_t ns)
{
	int rest_ns;

	clock_set(clock, floor_second(ns, &rest_ns));
	return (clock->year * 100 + clock->month) * 100 + clock->day;
}
