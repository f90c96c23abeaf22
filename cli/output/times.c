#include "cli/output/times.h"
#include "cli/options/values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/options/options.h"
#include "export/text/calendar.h"

enum { NS_PER_MS = 1000000, NS_PER_SECOND = 1000000000 };

int64_t cli_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int64_t seconds_of(struct tm *tm, struct cli_time_reading *reading)
{
	if (reading->utc)
		return timegm(tm);
	return cli_local_seconds(tm, reading->takes_later, &reading->doubt);
}

static bool parse_calendar(struct cli_time_reading *reading, const char *text, int64_t *ns)
{
	struct export_calendar calendar;

	if (!export_calendar_read(&calendar, text))
		return false;
	*ns = calendar.has_zone ? export_calendar_ns(&calendar)
				: seconds_of(&calendar.tm, reading) * NS_PER_SECOND + calendar.fraction_ns;
	return true;
}

/* The last time before now_ns that the clock showed hh:mm[:ss]. */
static bool parse_clock(struct cli_time_reading *reading, const char *text, int64_t *ns)
{
	struct tm tm;
	int64_t fraction_ns;
	time_t now = (time_t)(reading->now_ns / NS_PER_SECOND);
	const char *at = text;

	if (reading->utc)
		gmtime_r(&now, &tm);
	else
		localtime_r(&now, &tm);
	if (!export_calendar_read_clock(&at, &tm, &fraction_ns) || *at != '\0')
		return false;
	struct tm yesterday = tm;
	yesterday.tm_mday--;
	*ns = seconds_of(&tm, reading) * NS_PER_SECOND + fraction_ns;
	if (*ns > reading->now_ns)
		*ns = seconds_of(&yesterday, reading) * NS_PER_SECOND + fraction_ns;
	return true;
}

static int parse_epoch(const char *text, int64_t *ns, struct wire_fault *fault)
{
	size_t digits = strspn(text, "0123456789");
	const char *at = text + digits;
	int64_t value = 0, fraction_ns = 0;

	if (digits < 9)
		return wire_fault_set(
		    fault, -EINVAL,
		    "is too short for seconds since the epoch; for a time ago add a unit: %.*ss", (int)digits,
		    text);
	if (digits > 19 || (*at && (digits > 11 || !export_calendar_read_fraction(&at, &fraction_ns) || *at)))
		return wire_fault_set(fault, -EINVAL, "is not a number of s, ms, us or ns since the epoch");
	for (size_t i = 0; i < digits; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, text[i] - '0', &value))
			return wire_fault_set(fault, -EINVAL, "is later than the year 2262");
	}
	int64_t unit = digits < 12 ? NS_PER_SECOND : digits < 15 ? NS_PER_MS : digits < 18 ? 1000 : 1;
	if (__builtin_mul_overflow(value, unit, ns) || __builtin_add_overflow(*ns, fraction_ns, ns))
		return wire_fault_set(fault, -EINVAL, "is later than the year 2262");
	return 0;
}

static int parse_ago(const char *text, int64_t now_ns, int64_t *ns, struct wire_fault *fault)
{
	int64_t ms;

	if (cli_parse_duration_ms(text, &ms, NULL) != 0)
		return wire_fault_set(
		    fault, -EINVAL,
		    "is not a time; write for example 5m (ago), 03:12, 2026-11-23T03:12:00Z "
		    "or seconds since the epoch");
	if (__builtin_mul_overflow(ms, NS_PER_MS, &ms) || __builtin_sub_overflow(now_ns, ms, ns))
		return wire_fault_set(fault, -EINVAL, "is longer ago than the year 1678");
	return 0;
}

int cli_time_read(struct cli_time_reading *reading, const char *text, int64_t *ns, struct wire_fault *fault)
{
	int64_t result = reading->now_ns;
	int status = 0;

	reading->doubt = (struct cli_time_doubt){.certainty = CLI_TIME_CERTAIN};
	if (strcasecmp(text, "now") == 0 || parse_calendar(reading, text, &result) ||
	    parse_clock(reading, text, &result))
		status = 0;
	else if (text[0] && text[strspn(text, "0123456789.")] == '\0')
		status = parse_epoch(text, &result, fault);
	else
		status = parse_ago(text, reading->now_ns, &result, fault);
	if (status == 0)
		*ns = result;
	return status;
}

int cli_time_parse(const char *text, int64_t now_ns, bool utc, int64_t *ns, struct wire_fault *fault)
{
	struct cli_time_reading reading = {.now_ns = now_ns, .utc = utc};

	return cli_time_read(&reading, text, ns, fault);
}
