#include "export/decode/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The bounds of google.protobuf.Timestamp and Duration. */
#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define LAST_SECOND  INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define SPAN_MAX     INT64_C(315576000000)
enum { NANOS_MAX = 999999999 };

/* Write nothing, .123, .123456 or .123456789. */
static int put_decimals(char *text, size_t size, int64_t nanos)
{
	if (nanos == 0)
		return 0;
	if (nanos % 1000000 == 0)
		return snprintf(text, size, ".%03" PRId64, nanos / 1000000);
	if (nanos % 1000 == 0)
		return snprintf(text, size, ".%06" PRId64, nanos / 1000);
	return snprintf(text, size, ".%09" PRId64, nanos);
}

size_t export__moment_text(char text[EXPORT__MOMENT_TEXT], int64_t seconds, int64_t nanos)
{
	const time_t time = (time_t)seconds;
	struct tm moment;

	if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos > NANOS_MAX ||
	    !gmtime_r(&time, &moment))
		return 0;
	int len = snprintf(text, EXPORT__MOMENT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", moment.tm_year + 1900,
			   moment.tm_mon + 1, moment.tm_mday, moment.tm_hour, moment.tm_min, moment.tm_sec);
	len += put_decimals(text + len, EXPORT__MOMENT_TEXT - (size_t)len, nanos);
	text[len++] = 'Z';
	return (size_t)len;
}

size_t export__span_text(char text[EXPORT__MOMENT_TEXT], int64_t seconds, int64_t nanos)
{
	if (seconds < -SPAN_MAX || seconds > SPAN_MAX || nanos < -NANOS_MAX || nanos > NANOS_MAX ||
	    (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0))
		return 0;
	int len = snprintf(text, EXPORT__MOMENT_TEXT, "%s%" PRId64, seconds < 0 || nanos < 0 ? "-" : "",
			   seconds < 0 ? -seconds : seconds);
	len += put_decimals(text + len, EXPORT__MOMENT_TEXT - (size_t)len, nanos < 0 ? -nanos : nanos);
	text[len++] = 's';
	return (size_t)len;
}
