/* MessagePack and CBOR as JSON. The bytes of CBOR are the examples of RFC 8949, appendix A. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/decode/cbor.h"
#include "export/decode/guess.h"
#include "export/decode/msgpack.h"
#include "tests/unit/export/hex.h"

struct example {
	const char *hex, *json;
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void check(decode_values *decode, const char *hex, const char *json)
{
	struct wire_fault fault;
	char *text = decode_hex(decode, hex, &fault);

	if (!text)
		fail_msg("%s: %s", hex, fault.text);
	assert_string_equal(text, json);
	free(text);
}

static void check_refused(decode_values *decode, const char *hex, const char *reason)
{
	struct wire_fault fault;
	char *text = decode_hex(decode, hex, &fault);

	if (text)
		fail_msg("%s became %s", hex, text);
	assert_string_equal(fault.text, reason);
}

/* All but the whole is refused. */
static void check_prefixes(decode_values *decode, const char *hex)
{
	char digits[400];
	struct wire_fault fault;

	for (size_t len = 0; len < strlen(hex); len += 2) {
		snprintf(digits, sizeof(digits), "%.*s", (int)len, hex);
		char *text = decode_hex(decode, digits, &fault);
		if (text)
			fail_msg("%s became %s", digits, text);
	}
}

static void each_kind_of_msgpack_has_its_json(void **state)
{
	static const struct example examples[] = {
	    {"00", "0"},
	    {"7f", "127"},
	    {"ff", "-1"},
	    {"e0", "-32"},
	    {"cc ff", "255"},
	    {"cd ffff", "65535"},
	    {"ce ffffffff", "4294967295"},
	    {"cf 0020000000000000", "9007199254740992"},
	    {"cf 0020000000000001", "\"9007199254740993\""},
	    {"cf ffffffffffffffff", "\"18446744073709551615\""},
	    {"d0 80", "-128"},
	    {"d1 8000", "-32768"},
	    {"d2 80000000", "-2147483648"},
	    {"d3 8000000000000000", "\"-9223372036854775808\""},
	    {"ca 3dcccccd", "0.1"},
	    {"cb 3fb999999999999a", "0.1"},
	    {"cb 7ff8000000000000", "\"NaN\""},
	    {"ca ff800000", "\"-Infinity\""},
	    {"c0", "null"},
	    {"c2", "false"},
	    {"c3", "true"},
	    {"a3 616263", "\"abc\""},
	    {"d9 01 22", "\"\\\"\""},
	    {"da 0001 ff", "\"\\ufffd\""},
	    {"c4 03 00ff01", "\"AP8B\""},
	    {"90", "[]"},
	    {"80", "{}"},
	    {"93 01 90 c0", "[1,[],null]"},
	    {"dc 0001 dd 00000001 01", "[[1]]"},
	    {"82 a1 61 01 a1 62 81 a1 63 c0", "{\"a\":1,\"b\":{\"c\":null}}"},
	    {"de 0002 01 02 c3 c4 01 61", "{\"1\":2,\"true\":\"YQ==\"}"},
	    {"d6 ff 00000001", "\"1970-01-01T00:00:01Z\""},
	    {"d7 ff 00000004 00000001", "\"1970-01-01T00:00:01.000000001Z\""},
	    {"c7 0c ff 075bca00 ffffffffffffffff", "\"1969-12-31T23:59:59.123456Z\""},
	    {"d4 05 61", "{\"ext\":5,\"data\":\"YQ==\"}"},
	    {"c7 00 80", "{\"ext\":-128,\"data\":\"\"}"},
	    {"d7 ff ffffffff ffffffff", "{\"ext\":-1,\"data\":\"//////////8=\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		check(export__msgpack, examples[i].hex, examples[i].json);
}

static void msgpack_that_is_not_one_whole_value_is_refused(void **state)
{
	static const char ends[] = "the data ends in the middle of a value";

	(void)state;
	check_refused(export__msgpack, "c1", "before byte 1: a byte that begins no value (0xc1)");
	check_refused(export__msgpack, "01 02", "data follows after the value, from byte 1 on");
	check_refused(export__msgpack, "dd ffffffff", ends);
	check_refused(export__msgpack, "db ffffffff 61", ends);
	check_refused(export__msgpack, "81 80 01",
		      "before byte 2: a key of a map is an array or a map itself, which JSON does not have");
	check_prefixes(export__msgpack, "83a16101a16293cb3fb999999999999ac403000102d6ff00000001a163df00000001"
					"a16bd3ffffffffffffffff");
}

static void each_kind_of_cbor_has_its_json(void **state)
{
	static const struct example examples[] = {
	    {"00", "0"},
	    {"1818", "24"},
	    {"1903e8", "1000"},
	    {"1bffffffffffffffff", "\"18446744073709551615\""},
	    {"20", "-1"},
	    {"3903e7", "-1000"},
	    {"3bffffffffffffffff", "\"-18446744073709551616\""},
	    {"c249010000000000000000", "\"AQAAAAAAAAAA\""},
	    {"f93c00", "1"},
	    {"f97e00", "\"NaN\""},
	    {"fa47c35000", "100000"},
	    {"fb3ff199999999999a", "1.1"},
	    {"f4", "false"},
	    {"f6", "null"},
	    {"f7", "null"},
	    {"c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\""},
	    {"4401020304", "\"AQIDBA==\""},
	    {"62c3bc", "\"\xc3\xbc\""},
	    {"8301820203820405", "[1,[2,3],[4,5]]"},
	    {"a201020304", "{\"1\":2,\"3\":4}"},
	    {"a26161016162820203", "{\"a\":1,\"b\":[2,3]}"},
	    {"5f42010243030405ff", "\"AQIDBAU=\""},
	    {"7f657374726561646d696e67ff", "\"streaming\""},
	    {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
	    {"bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}"},
	    {"bf7f61616162ff01ff", "{\"ab\":1}"},
	    {"9fff", "[]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++)
		check(export__cbor, examples[i].hex, examples[i].json);
}

static void cbor_that_is_not_one_whole_value_is_refused(void **state)
{
	static const char ends[] = "the data ends in the middle of a value";

	(void)state;
	check_refused(export__cbor, "", ends);
	check_refused(export__cbor, "5bffffffffffffffff00", ends);
	check_refused(export__cbor, "9bffffffffffffffff00", ends);
	check_refused(export__cbor, "1c", "byte 0 begins no value");
	check_refused(export__cbor, "0000", "data follows after the value, from byte 1 on");
	check_refused(export__cbor, "ff", "before byte 1: a break where nothing can end");
	check_refused(export__cbor, "82ff", "before byte 2: a break where nothing can end");
	check_refused(export__cbor, "bf01ff", "before byte 3: a break where nothing can end");
	check_refused(export__cbor, "9fc0ff", "before byte 3: a tag without a value");
	check_refused(export__cbor, "5f6161ff",
		      "before byte 3: parts of a string that are of different kinds");
	check_refused(export__cbor, "5f01ff", "before byte 2: a value between the parts of a string");
	check_prefixes(export__cbor, "a36161bf6162fb3ff199999999999aff6163c24101616482205f4101ff");
}

static void nesting_is_allowed_up_to_a_hundred_levels(void **state)
{
	char digits[2 * (EXPORT_DECODE_DEPTH_MAX + 1) + 1] = "";

	(void)state;
	for (size_t i = 0; i < EXPORT_DECODE_DEPTH_MAX; i++)
		strcat(digits, "91");
	strcat(digits, "c0");
	struct wire_fault fault;
	char *text = decode_hex(export__msgpack, digits, &fault);
	assert_non_null(text);
	free(text);
	memcpy(digits + strlen(digits) - 2, "91", 2);
	check_refused(export__msgpack, digits, "before byte 101: it is nested more than 100 levels deep");
}

static void check_guess(const char *hex, enum export__guess expected)
{
	const struct wire_slice in = unhex(hex);
	struct export_out out;

	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	assert_int_equal(export__guess(in, &out), expected);
	assert_true((export_out_kept(&out).len > 0) == (expected != EXPORT__GUESS_NOTHING));
	export_out_fini(&out);
	free((char *)in.data);
}

static void only_what_is_certain_is_guessed(void **state)
{
	(void)state;
	check_guess("81a16101", EXPORT__GUESS_MSGPACK);
	check_guess("a1616101", EXPORT__GUESS_CBOR);
	check_guess("bf616101ff", EXPORT__GUESS_CBOR);
	check_guess("bfff", EXPORT__GUESS_NOTHING);       /* an empty map */
	check_guess("7b7d", EXPORT__GUESS_NOTHING);       /* JSON */
	check_guess("616263", EXPORT__GUESS_NOTHING);     /* text */
	check_guess("80", EXPORT__GUESS_NOTHING);         /* an empty map, or any other byte */
	check_guess("810101", EXPORT__GUESS_NOTHING);     /* a key that is no text */
	check_guess("81a1610100", EXPORT__GUESS_NOTHING); /* more follows */
	check_guess("1f8b0800ff", EXPORT__GUESS_NOTHING); /* only begins like gzip */
	check_guess("", EXPORT__GUESS_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_of_msgpack_has_its_json),
	    cmocka_unit_test(msgpack_that_is_not_one_whole_value_is_refused),
	    cmocka_unit_test(each_kind_of_cbor_has_its_json),
	    cmocka_unit_test(cbor_that_is_not_one_whole_value_is_refused),
	    cmocka_unit_test(nesting_is_allowed_up_to_a_hundred_levels),
	    cmocka_unit_test(only_what_is_certain_is_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
