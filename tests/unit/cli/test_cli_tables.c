/* Short numbers and lines of bars, for the columns of a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/output/sparkline.h"
#include "export/text/sizes.h"

static void durations_take_five_columns(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
	    {0, "0"},
	    {999, "999ns"},
	    {1000, "1.0us"},
	    {9949, "9.9us"},
	    {9951, "10us"},
	    {999400, "999us"},
	    {999600, "1.0ms"},
	    {45 * INT64_C(1000000), "45ms"},
	    {999600000, "1.0s"},
	    {12300000000, "12.3s"},
	    {99900000000, "99.9s"},
	    {100 * INT64_C(1000000000), "1m40"},
	    {5999 * INT64_C(1000000000), "99m59"},
	    {6000 * INT64_C(1000000000), "1h40"},
	    {400000 * INT64_C(1000000000), "4d15"},
	    {INT64_MAX, "999d23"},
	    {-5, "0"},
	};
	char text[EXPORT_SIZE_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(export_short_span_text(text, cases[i].ns), cases[i].text);
}

static void counts_and_rates_take_five_columns(void **state)
{
	char text[EXPORT_SIZE_TEXT];
	(void)state;
	assert_string_equal(export_short_rate_text(text, 0), "0");
	assert_string_equal(export_short_rate_text(text, 0.004), "<0.01");
	assert_string_equal(export_short_count_text(text, 0), "0");
	assert_string_equal(export_short_count_text(text, 99999), "99999");
	assert_string_equal(export_short_count_text(text, 100000), "100k");
	assert_string_equal(export_short_count_text(text, 999499), "999k");
	assert_string_equal(export_short_count_text(text, 999500), "1.00M");
	assert_string_equal(export_short_count_text(text, 12345678), "12.3M");
	assert_string_equal(export_short_count_text(text, UINT64_MAX), "18.4E");
	assert_string_equal(export_short_rate_text(text, 0.25), "0.25");
	assert_string_equal(export_short_rate_text(text, 12.5), "12.5");
	assert_string_equal(export_short_rate_text(text, 1334), "1334");
	assert_string_equal(export_short_rate_text(text, 123456), "123k");
}

static void rare_events_have_a_rate_by_the_minute_hour_or_day(void **state)
{
	static const struct {
		double per_second;
		const char *text;
	} cases[] = {
	    {1334, "1,334/s"},          {12.5, "12.5/s"},
	    {0.25, "0.25/s"},           {0.04, "2.40/min"},
	    {0.001, "3.60/h"},          {2 / 86400.0, "2.00/day"},
	    {0.02 / 86400, "0.02/day"}, {1e-9, "less than 0.01/day"},
	};
	char text[EXPORT_SIZE_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(export_per_time_text(text, cases[i].per_second), cases[i].text);
	assert_string_equal(export_bytes_per_time_text(text, 49e6), "49 MB/s");
	assert_string_equal(export_bytes_per_time_text(text, 0.1), "6 B/min");
	assert_string_equal(export_short_rate_text(text, 0.001), "<0.01");
	assert_string_equal(export_short_rate_text(text, 0), "0");
}

static void expect_bars(const double *values, size_t len, size_t columns, const char *bars)
{
	struct export_out out;
	assert_int_equal(export_out_init(&out, -1), 0);
	cli_sparkline(&out, values, len, columns);
	export_out_char(&out, '\0');
	assert_string_equal(out.data, bars);
	export_out_fini(&out);
}

static void bars_are_as_high_as_their_values(void **state)
{
	static const double rising[] = {0, 1, 2, 4, 8}, small[] = {1000, 1}, none[] = {0, 0};
	(void)state;
	expect_bars(rising, 5, 80, " ▁▂▄█");
	expect_bars(small, 2, 80, "█▁");
	expect_bars(none, 2, 80, "  ");
	expect_bars(none, 0, 80, "");
}

static void more_values_than_columns_share_them_by_the_largest(void **state)
{
	static const double values[] = {1, 8, 2, 2, 4, 1};
	(void)state;
	expect_bars(values, 6, 3, "█▂▄");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations_take_five_columns),
	    cmocka_unit_test(counts_and_rates_take_five_columns),
	    cmocka_unit_test(rare_events_have_a_rate_by_the_minute_hour_or_day),
	    cmocka_unit_test(bars_are_as_high_as_their_values),
	    cmocka_unit_test(more_values_than_columns_share_them_by_the_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
