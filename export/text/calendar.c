#include "export/text/calendar.h"

#include <string.h>

enum { NS_PER_SECOND = 1000000000 };

/* The years that signed 64-bit nanoseconds reach whole. */
enum { FIRST_YEAR = 1678, LAST_YEAR = 2261 };

/* Exactly `digits` decimal digits at *at, which is advanced past them. */
static bool read_digits(const char **at, int digits, int *value)
{
	int result = 0;

	for (int i = 0; i < digits; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9')
			return false;
		result = result * 10 + (c - '0');
	}
	*at += digits;
	*value = result;
	return true;
}

static bool read_char(const char **at, const char *accepted)
{
	if (**at == '\0' || !strchr(accepted, **at))
		return false;
	++*at;
	return true;
}

bool export_calendar_read_fraction(const char **at, int64_t *ns)
{
	int64_t unit = NS_PER_SECOND;

	*ns = 0;
	if (!read_char(at, ".,"))
		return true;
	size_t digits = strspn(*at, "0123456789");
	for (size_t i = 0; i < digits; i++) {
		unit /= 10;
		*ns += ((*at)[i] - '0') * unit;
	}
	*at += digits;
	return digits > 0;
}

static bool read_date(const char **at, struct tm *tm)
{
	if (!read_digits(at, 4, &tm->tm_year) || !read_char(at, "-") || !read_digits(at, 2, &tm->tm_mon) ||
	    !read_char(at, "-") || !read_digits(at, 2, &tm->tm_mday))
		return false;
	if (tm->tm_year < FIRST_YEAR || tm->tm_year > LAST_YEAR || tm->tm_mon < 1 || tm->tm_mon > 12)
		return false;
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = tm->tm_year % 4 == 0 && (tm->tm_year % 100 != 0 || tm->tm_year % 400 == 0);
	int last = month_days[tm->tm_mon - 1] - (tm->tm_mon == 2 && !is_leap);

	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	return tm->tm_mday >= 1 && tm->tm_mday <= last;
}

bool export_calendar_read_clock(const char **at, struct tm *tm, int64_t *fraction_ns)
{
	*fraction_ns = 0;
	tm->tm_sec = 0;
	if (!read_digits(at, 2, &tm->tm_hour) || !read_char(at, ":") || !read_digits(at, 2, &tm->tm_min))
		return false;
	if (tm->tm_hour > 23 || tm->tm_min > 59)
		return false;
	if (!read_char(at, ":"))
		return true;
	return read_digits(at, 2, &tm->tm_sec) && tm->tm_sec <= 60 &&
	       export_calendar_read_fraction(at, fraction_ns);
}

/* Z or +hh:mm, in seconds east of Greenwich. */
static bool read_zone(const char **at, int64_t *offset_s)
{
	int hours, minutes;
	bool west = **at == '-';

	*offset_s = 0;
	if (read_char(at, "Zz"))
		return true;
	if (!read_char(at, "+-") || !read_digits(at, 2, &hours) || !read_char(at, ":") ||
	    !read_digits(at, 2, &minutes))
		return false;
	*offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
	return hours <= 23 && minutes <= 59;
}

bool export_calendar_read(struct export_calendar *calendar, const char *text)
{
	const char *at = text;

	*calendar = (struct export_calendar){0};
	if (!read_date(&at, &calendar->tm))
		return false;
	if (*at == '\0')
		return true;
	if (!read_char(&at, "Tt ") || !export_calendar_read_clock(&at, &calendar->tm, &calendar->fraction_ns))
		return false;
	calendar->has_zone = *at != '\0';
	return !calendar->has_zone || (read_zone(&at, &calendar->offset_s) && *at == '\0');
}

int64_t export_calendar_ns(const struct export_calendar *calendar)
{
	struct tm tm = calendar->tm;

	return (timegm(&tm) - calendar->offset_s) * NS_PER_SECOND + calendar->fraction_ns;
}
