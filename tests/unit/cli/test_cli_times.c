/* Moments as people write and read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/output/times.h"
#include "export/text/clock.h"

/* 2026-11-23T07:57:19.123456789Z; in Berlin it is 08:57:19. */
static const int64_t NOW_NS = 1795420639123456789;

static int set_berlin(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static int64_t parse(const char *text, bool utc)
{
	int64_t ns = INT64_MIN;
	struct wire_fault fault = {0};

	if (cli_time_parse(text, NOW_NS, utc, &ns, &fault) != 0)
		fail_msg("%s: %s", text, fault.text);
	return ns;
}

static void check_text(int64_t ns, const char *expected)
{
	char text[EXPORT_TIME_TEXT];
	struct export_clock clock = {.utc = true};

	export_clock_text(&clock, ns, EXPORT_TIME_RFC3339, text);
	assert_string_equal(text, expected);
}

static void calendar_times_are_local_unless_told_otherwise(void **state)
{
	static const struct {
		const char *text, *utc;
		bool is_utc;
	} rows[] = {
	    {"2026-11-23T07:57:19.123456789Z", "2026-11-23T07:57:19.123456789Z", false},
	    {"2026-11-23t07:57:19z", "2026-11-23T07:57:19.000000000Z", false},
	    {"2026-11-23 07:57:19,5+05:30", "2026-11-23T02:27:19.500000000Z", false},
	    {"2026-11-23T07:57:19-01:00", "2026-11-23T08:57:19.000000000Z", false},
	    {"2026-11-23T07:57:19", "2026-11-23T06:57:19.000000000Z", false},
	    {"2026-07-23T07:57:19", "2026-07-23T05:57:19.000000000Z", false},
	    {"2026-11-23T07:57", "2026-11-23T07:57:00.000000000Z", true},
	    {"2026-11-23", "2026-11-22T23:00:00.000000000Z", false},
	    {"2026-11-23", "2026-11-23T00:00:00.000000000Z", true},
	    {"2024-02-29", "2024-02-29T00:00:00.000000000Z", true},
	    {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z", false},
	    {"1969-12-31T23:59:59.75Z", "1969-12-31T23:59:59.750000000Z", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_text(parse(rows[i].text, rows[i].is_utc), rows[i].utc);
}

static void a_clock_time_is_the_last_time_it_was_shown(void **state)
{
	(void)state;
	check_text(parse("08:57", false), "2026-11-23T07:57:00.000000000Z");
	check_text(parse("08:58", false), "2026-11-22T07:58:00.000000000Z");
	check_text(parse("07:57:19.1", true), "2026-11-23T07:57:19.100000000Z");
	check_text(parse("07:57:20", true), "2026-11-22T07:57:20.000000000Z");
}

/* In Berlin the clock is set back from 03:00 to 02:00, and ahead from 02:00 to 03:00. */
static void an_hour_that_comes_twice_or_never_is_in_doubt(void **state)
{
	static const struct {
		const char *text;
		bool takes_later;
		enum cli_time_certainty certainty;
		const char *utc;
	} rows[] = {
	    {"2025-10-26T01:59", false, CLI_TIME_CERTAIN, "2025-10-25T23:59:00.000000000Z"},
	    {"2025-10-26T02:00", false, CLI_TIME_TWICE, "2025-10-26T00:00:00.000000000Z"},
	    {"2025-10-26T02:30", false, CLI_TIME_TWICE, "2025-10-26T00:30:00.000000000Z"},
	    {"2025-10-26T02:30", true, CLI_TIME_TWICE, "2025-10-26T01:30:00.000000000Z"},
	    {"2025-10-26T03:00", true, CLI_TIME_CERTAIN, "2025-10-26T02:00:00.000000000Z"},
	    {"2025-10-26T02:30:00+01:00", false, CLI_TIME_CERTAIN, "2025-10-26T01:30:00.000000000Z"},
	    {"2025-03-30T01:59", true, CLI_TIME_CERTAIN, "2025-03-30T00:59:00.000000000Z"},
	    {"2025-03-30T02:30", false, CLI_TIME_SKIPPED, "2025-03-30T00:30:00.000000000Z"},
	    {"2025-03-30T02:30", true, CLI_TIME_SKIPPED, "2025-03-30T01:30:00.000000000Z"},
	    {"2025-03-30T03:00", false, CLI_TIME_CERTAIN, "2025-03-30T01:00:00.000000000Z"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cli_time_reading reading = {.now_ns = NOW_NS, .takes_later = rows[i].takes_later};
		struct wire_fault fault;
		int64_t ns;
		assert_int_equal(cli_time_read(&reading, rows[i].text, &ns, &fault), 0);
		check_text(ns, rows[i].utc);
		assert_int_equal(reading.doubt.certainty, rows[i].certainty);
		if (rows[i].certainty != CLI_TIME_CERTAIN) {
			assert_int_equal(reading.doubt.later_ns - reading.doubt.earlier_ns,
					 INT64_C(3600000000000));
			assert_int_equal(ns, rows[i].takes_later ? reading.doubt.later_ns
								 : reading.doubt.earlier_ns);
		}
	}
}

static void durations_count_back_from_now(void **state)
{
	const int64_t second = 1000000000;

	(void)state;
	assert_int_equal(parse("now", false), NOW_NS);
	assert_int_equal(parse("5m", false), NOW_NS - 300 * second);
	assert_int_equal(parse("1h30m", false), NOW_NS - 5400 * second);
	assert_int_equal(parse("250ms", false), NOW_NS - second / 4);
	assert_int_equal(parse("7d", false), NOW_NS - 7 * 86400 * second);
}

static void the_number_of_digits_tells_the_unit_of_an_epoch(void **state)
{
	(void)state;
	assert_int_equal(parse("999999999", false), 999999999000000000);
	assert_int_equal(parse("1795420639", false), 1795420639000000000);
	assert_int_equal(parse("1795420639.25", false), 1795420639250000000);
	assert_int_equal(parse("1795420639123", false), 1795420639123000000);
	assert_int_equal(parse("1795420639123456", false), 1795420639123456000);
	assert_int_equal(parse("1795420639123456789", false), NOW_NS);
}

static void what_is_no_time_is_refused_with_a_reason(void **state)
{
	static const char *const texts[] = {
	    "",
	    "soon",
	    "5",
	    "300",
	    "2026-13-01",
	    "2026-02-29",
	    "2026-11-31",
	    "2026-11-23T",
	    "2026-11-23T7",
	    "2026-11-23T24:00:00Z",
	    "1400-01-01",
	    "2026-11-23T07:57:61Z",
	    "07:60",
	    "2026-11-23T07:57:19.Z",
	    "9999999999999999999",
	    "99999999999",
	    "12345678901234567890",
	    "2026-11-23T07:57:19Zz",
	    "2026-11-23T07:57:19+1",
	    "1795420639123.5",
	    "999999999w",
	    "-5m",
	    "2026.11.23",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wire_fault fault = {0};
		int64_t ns = 77;

		if (cli_time_parse(texts[i], NOW_NS, true, &ns, &fault) == 0)
			fail_msg("\"%s\" was taken for %lld", texts[i], (long long)ns);
		assert_int_equal(ns, 77);
		assert_true(strlen(fault.text) > 0);
	}
}

static void every_style_reads_as_documented(void **state)
{
	static const struct {
		enum export_clock_style style;
		const char *local, *utc;
	} rows[] = {
	    {EXPORT_TIME_RFC3339, "2026-11-23T08:57:19.123456789+01:00", "2026-11-23T07:57:19.123456789Z"},
	    {EXPORT_TIME_CLOCK, "08:57:19.123456", "07:57:19.123456"},
	    {EXPORT_TIME_CLOCK_MS, "08:57:19.123", "07:57:19.123"},
	    {EXPORT_TIME_DAY, "2026-11-23, Monday, UTC+01:00", "2026-11-23, Monday, UTC"},
	    {EXPORT_TIME_SECOND, "2026-11-23 08:57:19", "2026-11-23 07:57:19"},
	    {EXPORT_TIME_ZONED, "2026-11-23T08:57:19+01:00", "2026-11-23T07:57:19+00:00"},
	};
	struct export_clock local = {.utc = false}, utc = {.utc = true};
	char text[EXPORT_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(export_clock_text(&local, NOW_NS, rows[i].style, text),
				 strlen(rows[i].local));
		assert_string_equal(text, rows[i].local);
		export_clock_text(&utc, NOW_NS, rows[i].style, text);
		assert_string_equal(text, rows[i].utc);
	}
}

static void the_ends_of_the_range_are_printed(void **state)
{
	(void)state;
	check_text(0, "1970-01-01T00:00:00.000000000Z");
	check_text(-1, "1969-12-31T23:59:59.999999999Z");
	check_text(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	check_text(INT64_MIN, "1677-09-21T00:12:43.145224192Z");
}

static void days_change_at_local_midnight(void **state)
{
	struct export_clock local = {.utc = false};
	int64_t midnight = parse("2026-11-23", false);

	(void)state;
	assert_int_not_equal(export_clock_day(&local, midnight - 1), export_clock_day(&local, midnight));
	assert_int_equal(export_clock_day(&local, midnight), export_clock_day(&local, midnight + 1000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calendar_times_are_local_unless_told_otherwise),
	    cmocka_unit_test(a_clock_time_is_the_last_time_it_was_shown),
	    cmocka_unit_test(an_hour_that_comes_twice_or_never_is_in_doubt),
	    cmocka_unit_test(durations_count_back_from_now),
	    cmocka_unit_test(the_number_of_digits_tells_the_unit_of_an_epoch),
	    cmocka_unit_test(what_is_no_time_is_refused_with_a_reason),
	    cmocka_unit_test(every_style_reads_as_documented),
	    cmocka_unit_test(the_ends_of_the_range_are_printed),
	    cmocka_unit_test(days_change_at_local_midnight),
	};
	return cmocka_run_group_tests(tests, set_berlin, NULL);
}
