/* Foreign bytes made fit for a terminal; sizes and numbers for people; output that meets a full or closed pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "export/text/escape.h"
#include "export/text/sizes.h"
#include "export/text/utf8.h"
#include "tests/unit/cli/capture.h"

static void check_put(const char *bytes, size_t len, size_t columns, const char *expected, size_t used)
{
	struct export_out out;

	capture_init(&out);
	assert_int_equal(export_escape_put(&out, wire_slice(bytes, len), columns), used);
	char *text = capture_take(&out);
	assert_string_equal(text, expected);
	free(text);
	capture_fini(&out);
}

#define CHECK_PUT(literal, columns, expected, used) \
	check_put(literal, sizeof(literal) - 1, columns, expected, used)

static void controls_and_invalid_bytes_are_escaped(void **state)
{
	(void)state;
	CHECK_PUT("plain", 80, "plain", 5);
	CHECK_PUT("a\nb\tc\r", 80, "a\\nb\\tc\\r", 9);
	CHECK_PUT("\033[2J\a\0x", 80, "\\x1b[2J\\x07\\x00x", 16);
	CHECK_PUT("\xff\xc0\x80\xed\xa0\x80", 80, "\\xff\\xc0\\x80\\xed\\xa0\\x80", 24);
	CHECK_PUT("\xc2\x9b"
		  "31m",
		  80, "\\u009b31m", 9);
	CHECK_PUT("a\xe2\x80\xae"
		  "b",
		  80, "a\\u202eb", 8);
	CHECK_PUT("\xf3\xa0\x80\x81", 80, "\\U000e0001", 10);
	CHECK_PUT("{\"a\":\"\\n\"}", 80, "{\"a\":\"\\n\"}", 10);
	CHECK_PUT("cut \xe2\x82", 80, "cut \\xe2\\x82", 12);
}

static void columns_follow_the_terminal(void **state)
{
	(void)state;
	CHECK_PUT("gr\xc3\xbc\xc3\x9f", 80, "gr\xc3\xbc\xc3\x9f", 4);
	CHECK_PUT("\xe6\x97\xa5\xe6\x9c\xac", 80, "\xe6\x97\xa5\xe6\x9c\xac", 4);
	CHECK_PUT("e\xcc\x81", 80, "e\xcc\x81", 1);
	CHECK_PUT("\xf0\x9f\x98\x80", 80, "\xf0\x9f\x98\x80", 2);
}

/* Eight bytes are looked at together: each byte is found at each place among them. */
static void plain_text_ends_at_the_first_byte_that_is_not_printable(void **state)
{
	char text[32];
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, '~', sizeof(text));
			text[at] = (char)byte;
			size_t wanted = byte >= 0x20 && byte < 0x7f ? sizeof(text) : at;
			assert_int_equal(export_utf8_plain(text, sizeof(text)), wanted);
			assert_int_equal(export_utf8_plain(text, at), at);
		}
	}
}

static void clipping_never_exceeds_the_columns(void **state)
{
	(void)state;
	CHECK_PUT("abcdef", 6, "abcdef", 6);
	CHECK_PUT("abcdefg", 6, "abcde…", 6);
	CHECK_PUT("abc\033", 6, "abc…", 4);
	CHECK_PUT("\xe6\x97\xa5\xe6\x9c\xac", 3, "\xe6\x97\xa5…", 3);
	CHECK_PUT("\xe6\x97\xa5\xe6\x9c\xac", 2, "…", 1);
	CHECK_PUT("abc", 1, "…", 1);
	CHECK_PUT("abc", 0, "", 0);
	CHECK_PUT("", 0, "", 0);
	check_put(NULL, 0, 10, "", 0);
}

static void multi_line_payloads_stay_lines(void **state)
{
	struct export_out out;

	(void)state;
	capture_init(&out);
	export_escape_lines(&out, WIRE_LITERAL("{\r\n\t\"a\": 1\n\n}\033"), 2);
	char *text = capture_take(&out);
	assert_string_equal(text, "  {\n      \"a\": 1\n  \n  }\\x1b\n");
	free(text);
	capture_fini(&out);
}

static void a_hex_dump_shows_offset_bytes_and_text(void **state)
{
	struct export_out out;

	(void)state;
	capture_init(&out);
	export_escape_hex(&out, WIRE_LITERAL("0123456789abcdef\x00\xff~"), 0);
	char *text = capture_take(&out);
	assert_string_equal(text,
			    "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
			    "00000010  00 ff 7e                                          |..~|\n");
	free(text);
	capture_fini(&out);
}

static void every_code_point_decodes_to_itself_and_surrogates_to_nothing(void **state)
{
	(void)state;
	for (uint32_t point = 0x80; point <= 0x10ffff; point++) {
		char text[4];
		uint32_t decoded = 0;
		size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

		for (size_t i = len; i-- > 1;)
			text[i] = (char)(0x80 | (point >> (6 * (len - 1 - i)) & 0x3f));
		text[0] = (char)((0xf00 >> len & 0xf0) | point >> (6 * (len - 1)));
		if (point >= 0xd800 && point <= 0xdfff) {
			assert_int_equal(export_utf8_decode(text, len, &decoded), 0);
			continue;
		}
		assert_int_equal(export_utf8_decode(text, len, &decoded), len);
		assert_int_equal(decoded, point);
		assert_int_equal(export_utf8_decode(text, len - 1, &decoded), 0);
	}
}

static void sizes_have_at_most_three_digits(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
	    {0, "0 B"},         {999, "999 B"},      {1000, "1.0 kB"},     {1049, "1.0 kB"},
	    {1050, "1.1 kB"},   {9949, "9.9 kB"},    {9950, "10 kB"},      {999499, "999 kB"},
	    {999500, "1.0 MB"}, {34500000, "35 MB"}, {1u << 30, "1.1 GB"}, {UINT64_MAX, "18 EB"},
	};
	char text[EXPORT_SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(export_size_text(text, rows[i].bytes), rows[i].text);
}

static void counts_rates_and_spans_read_well(void **state)
{
	char text[EXPORT_SIZE_TEXT];

	(void)state;
	assert_string_equal(export_count_text(text, 0), "0");
	assert_string_equal(export_count_text(text, 999), "999");
	assert_string_equal(export_count_text(text, 1234567), "1,234,567");
	assert_string_equal(export_count_text(text, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(export_rate_text(text, 0.254), "0.25");
	assert_string_equal(export_rate_text(text, 12.34), "12.3");
	assert_string_equal(export_rate_text(text, 1333.7), "1,334");
	assert_string_equal(export_span_text(text, -5), "0 s");
	assert_string_equal(export_span_text(text, 120000), "120 us");
	assert_string_equal(export_span_text(text, 12340000000), "12.3 s");
	assert_string_equal(export_span_text(text, 307000000000), "5 min 07 s");
	assert_string_equal(export_span_text(text, 7500000000000), "2 h 05 min");
	assert_string_equal(export_span_text(text, 273600000000000), "3 d 04 h");
	assert_string_equal(export_span_text(text, INT64_MAX), "106751 d 23 h");
}

static void more_than_the_buffer_goes_through_unchanged(void **state)
{
	struct export_out out;
	const size_t len = 3 * EXPORT_OUT_BYTES + 17;
	char *big = malloc(len);

	(void)state;
	memset(big, 'x', len);
	capture_init(&out);
	export_out_text(&out, "<");
	export_out_bytes(&out, big, len);
	export_out_decimal(&out, UINT64_MAX);
	export_out_spaces(&out, 70);
	char *text = capture_take(&out);
	assert_int_equal(strlen(text), 1 + len + 20 + 70);
	assert_int_equal(text[0], '<');
	assert_memory_equal(text + 1, big, len);
	assert_memory_equal(text + 1 + len, "18446744073709551615", 20);
	free(text);
	free(big);
	capture_fini(&out);
}

static void a_closed_pipe_is_told_once_flushed(void **state)
{
	int ends[2];
	struct export_out out;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(export_out_init(&out, ends[1]), 0);
	close(ends[0]);
	export_out_text(&out, "gone");
	assert_int_equal(out.error, 0);
	assert_int_equal(export_out_flush(&out), -EPIPE);
	export_out_text(&out, "still gone");
	assert_int_equal(export_out_flush(&out), -EPIPE);
	export_out_fini(&out);
	close(ends[1]);
}

static void a_text_that_is_too_long_keeps_its_ends(void **state)
{
	static const struct {
		const char *text;
		size_t columns, tail;
		const char *shown;
	} rows[] = {
	    {"127.0.0.1:46706", 15, 6, "127.0.0.1:46706"},
	    {"127.0.0.1:46706", 9, 6, "12…:46706"},
	    {"127.0.0.1:46706", 7, 6, "…:46706"},
	    {"orders.eu.new", 9, 0, "orde….new"},
	    {"abc", 2, 0, "a…"},
	    {"Köln\n\n\nKöln", 9, 0, "Köln…Köln"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct export_out out;

		capture_init(&out);
		size_t used =
		    export_escape_put_ends(&out, wire_slice_str(rows[i].text), rows[i].columns, rows[i].tail);
		char *text = capture_take(&out);
		assert_string_equal(text, rows[i].shown);
		assert_true(used <= rows[i].columns);
		free(text);
		capture_fini(&out);
	}
}

static void factors_have_no_needless_digits(void **state)
{
	char text[EXPORT_SIZE_TEXT];

	(void)state;
	assert_string_equal(export_factor_text(text, 0.3125), "0.31x");
	assert_string_equal(export_factor_text(text, 1), "1x");
	assert_string_equal(export_factor_text(text, 1.25), "1.25x");
	assert_string_equal(export_factor_text(text, 100), "100x");
	assert_string_equal(export_factor_text(text, 0.0012), "0.0012x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_that_is_too_long_keeps_its_ends),
	    cmocka_unit_test(factors_have_no_needless_digits),
	    cmocka_unit_test(controls_and_invalid_bytes_are_escaped),
	    cmocka_unit_test(columns_follow_the_terminal),
	    cmocka_unit_test(plain_text_ends_at_the_first_byte_that_is_not_printable),
	    cmocka_unit_test(clipping_never_exceeds_the_columns),
	    cmocka_unit_test(multi_line_payloads_stay_lines),
	    cmocka_unit_test(a_hex_dump_shows_offset_bytes_and_text),
	    cmocka_unit_test(every_code_point_decodes_to_itself_and_surrogates_to_nothing),
	    cmocka_unit_test(sizes_have_at_most_three_digits),
	    cmocka_unit_test(counts_rates_and_spans_read_well),
	    cmocka_unit_test(more_than_the_buffer_goes_through_unchanged),
	    cmocka_unit_test(a_closed_pipe_is_told_once_flushed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
