/* The JSON of CONNECT and INFO. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/info.h"

static int read_connect(struct wire_connect *connect, const char *json)
{
	return wire_connect_read(connect, wire_slice_str(json), NULL);
}

static void a_missing_field_has_nats_servers_default(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(read_connect(&connect, "{}"), 0);
	assert_true(connect.verbose && connect.pedantic && connect.echo);
	assert_false(connect.headers || connect.no_responders || connect.tls_required);
	assert_int_equal(connect.protocol, 0);
	const char *strings[] = {connect.name,       connect.lang, connect.version,
				 connect.user,       connect.pass, connect.nkey,
				 connect.auth_token, connect.sig,  connect.jwt};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		assert_string_equal(strings[i], "");
	wire_connect_fini(&connect);
}

static void every_field_is_read(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(
	    read_connect(&connect,
			 "{\"verbose\":false,\"pedantic\":false,\"echo\":false,\"headers\":true,"
			 "\"no_responders\":true,\"tls_required\":true,\"protocol\":1,\"name\":\"n\","
			 "\"lang\":\"C\",\"version\":\"3.4\",\"user\":\"u\",\"pass\":\"p\\\"\\u00fc\","
			 "\"auth_token\":\"t\",\"nkey\":\"k\",\"sig\":\"s\",\"jwt\":\"j\",\"else\":[{}]}"),
	    0);
	assert_false(connect.verbose || connect.pedantic || connect.echo);
	assert_true(connect.headers && connect.no_responders && connect.tls_required);
	assert_int_equal(connect.protocol, 1);
	assert_string_equal(connect.name, "n");
	assert_string_equal(connect.lang, "C");
	assert_string_equal(connect.version, "3.4");
	assert_string_equal(connect.user, "u");
	assert_string_equal(connect.pass, "p\"\xc3\xbc");
	assert_string_equal(connect.auth_token, "t");
	assert_string_equal(connect.nkey, "k");
	assert_string_equal(connect.sig, "s");
	assert_string_equal(connect.jwt, "j");
	wire_connect_fini(&connect);
}

static void null_counts_as_missing_and_keys_match_in_any_case(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(
	    read_connect(&connect, "{\"verbose\":null,\"name\":null,\"protocol\":null,\"Echo\":false}"), 0);
	assert_true(connect.verbose);
	assert_false(connect.echo);
	assert_string_equal(connect.name, "");
	wire_connect_fini(&connect);
}

static void a_protocol_out_of_range_stays_out_of_range(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(read_connect(&connect, "{\"protocol\":4294967296}"), 0);
	assert_int_equal(connect.protocol, INT_MAX);
	wire_connect_fini(&connect);
	assert_int_equal(read_connect(&connect, "{\"protocol\":-4294967295}"), 0);
	assert_int_equal(connect.protocol, INT_MIN);
	wire_connect_fini(&connect);
}

static void what_is_no_object_or_of_a_wrong_type_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
					  "\r",
					  "[]",
					  "\"x\"",
					  "{",
					  "{}x",
					  "{verbose:true}",
					  "{\"verbose\":1}",
					  "{\"verbose\":\"true\"}",
					  "{\"name\":1}",
					  "{\"pass\":{}}",
					  "{\"protocol\":\"1\"}",
					  "{\"protocol\":1.5}",
					  "{\"account\":5}",
					  "{\"new_account\":\"A\"}",
					  "{\"import\":5}",
					  "{\"name\":\"a\",\"name\":5}",
					  "{\"protocol\":1.0}",
					  "{\"protocol\":1e400}",
					  "{\"protocol\":99999999999999999999}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct wire_connect connect;
		if (read_connect(&connect, bad[i]) != WIRE_EJSON)
			fail_msg("accepted: %s", bad[i]);
	}
	struct wire_connect connect;
	assert_int_equal(wire_connect_read(&connect, wire_slice(NULL, 0), NULL), WIRE_EJSON);
}

static void assert_name(const char *json, const char *wanted)
{
	struct wire_connect connect;
	struct wire_fault fault = {0};
	if (wire_connect_read(&connect, wire_slice_str(json), &fault) != 0)
		fail_msg("%s: %s", json, fault.text);
	if (strcmp(connect.name, wanted) != 0)
		fail_msg("%s: got \"%s\", wanted \"%s\"", json, connect.name, wanted);
	wire_connect_fini(&connect);
}

static void what_go_reads_is_read(void **state)
{
	(void)state;
	assert_name("null", "");
	assert_name("{\"name\":\"caf\xe9\"}", "caf\xef\xbf\xbd");
	assert_name("{\"name\":\"shop \\ud83d\"}", "shop \xef\xbf\xbd");
	assert_name("{\"name\":\"\\ude00\\ud83d\"}", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_name("{\"name\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80");
	assert_name("{\"name\":\"a\\u0000b\"}", "a\xef\xbf\xbd"
						"b");
	assert_name("{\"x\":\"\\ud83d\",\"y\":1e400,\"z\":[[{}]],\"name\":\"n\"}", "n");
}

static void the_last_of_several_counts(void **state)
{
	(void)state;
	assert_name("{\"NAME\":\"a\",\"name\":\"b\",\"nAme\":\"c\"}", "c");
	assert_name("{\"name\":\"a\",\"name\":null}", "a");
	assert_name("{\"n\\u0061me\":\"a\"}", "a");
}

static void an_account_is_read(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(read_connect(&connect, "{\"account\":\"A\",\"new_account\":true}"), 0);
	assert_string_equal(connect.account, "A");
	assert_true(connect.new_account);
	wire_connect_fini(&connect);
}

/* A name must do for a log line, and a secret must not get into one. */
static void a_refusal_names_the_field_and_not_its_value(void **state)
{
	(void)state;
	struct wire_connect connect;
	struct wire_fault fault;
	wire_connect_read(&connect, WIRE_LITERAL("{\"pass\":{\"secret\":1}}"), &fault);
	assert_string_equal(fault.text, "\"pass\" is not a string");
	wire_connect_read(&connect, WIRE_LITERAL("{\"pass\":secret}"), &fault);
	assert_string_equal(fault.text, "not valid JSON, at byte 8 of 15");
}

static void finishing_twice_is_harmless(void **state)
{
	(void)state;
	struct wire_connect connect;
	assert_int_equal(read_connect(&connect, "{\"pass\":\"x\"}"), 0);
	wire_connect_fini(&connect);
	wire_connect_fini(&connect);
}

static void assert_info(const struct wire_info *info, const char *wanted)
{
	size_t len;
	char *line = wire_info_write(info, &len);
	assert_string_equal(line, wanted);
	assert_int_equal(len, strlen(wanted));
	free(line);
}

static void info_leaves_out_what_does_not_apply(void **state)
{
	(void)state;
	const struct wire_info info = {.server_id = "NX",
				       .server_name = "a \"name\"",
				       .version = "2.9.10",
				       .host = "0.0.0.0",
				       .port = 4222,
				       .headers = true,
				       .max_payload = 1048576,
				       .client_id = 7,
				       .client_ip = "::1"};
	assert_info(&info, "INFO {\"server_id\":\"NX\",\"server_name\":\"a \\\"name\\\"\","
			   "\"version\":\"2.9.10\",\"proto\":1,\"host\":\"0.0.0.0\",\"port\":4222,"
			   "\"headers\":true,\"max_payload\":1048576,\"client_id\":7,"
			   "\"client_ip\":\"::1\"} \r\n");
}

static void info_tells_everything_that_applies(void **state)
{
	(void)state;
	static const char *const urls[] = {"10.0.0.1:4222", "[::1]:4222", NULL};
	const struct wire_info info = {.server_id = "N",
				       .host = "h",
				       .port = 1,
				       .max_payload = 2,
				       .nonce = "xyz",
				       .auth_required = true,
				       .tls_required = true,
				       .tls_verify = true,
				       .tls_available = true,
				       .lame_duck = true,
				       .connect_urls = urls};
	assert_info(&info, "INFO {\"server_id\":\"N\",\"proto\":1,\"host\":\"h\",\"port\":1,"
			   "\"headers\":false,\"auth_required\":true,\"tls_required\":true,"
			   "\"tls_verify\":true,\"tls_available\":true,\"max_payload\":2,"
			   "\"nonce\":\"xyz\",\"connect_urls\":[\"10.0.0.1:4222\",\"[::1]:4222\"],"
			   "\"ldm\":true} \r\n");
}

static void a_listener_reads_the_server_and_its_limit(void **state)
{
	struct wire_info_seen seen;
	(void)state;
	assert_int_equal(
	    wire_info_read(&seen, WIRE_LITERAL("{\"server_id\":\"NX\",\"max_payload\":1048576,\"x\":[]}")),
	    0);
	assert_string_equal(seen.server_id, "NX");
	assert_int_equal(seen.max_payload, 1048576);
}

static void a_proxy_reads_the_nonce_and_the_level_of_the_api(void **state)
{
	struct wire_info_seen seen;
	(void)state;
	assert_int_equal(wire_info_read(&seen, WIRE_LITERAL("{\"nonce\":\"abc\",\"api_lvl\":2}")), 0);
	assert_string_equal(seen.nonce, "abc");
	assert_int_equal(seen.api_level, 2);
	assert_int_equal(wire_info_read(&seen, WIRE_LITERAL("{\"nonce\":7,\"api_lvl\":\"2\"}")), 0);
	assert_string_equal(seen.nonce, "");
	assert_int_equal(seen.api_level, 0);
}

static void a_listener_believes_nothing_senseless(void **state)
{
	struct wire_info_seen seen;
	char json[200] = "{\"max_payload\":-5,\"server_id\":\"";
	(void)state;
	memset(json + strlen(json), 'N', 64); /* one byte more than there is room for */
	strcat(json, "\"}");
	assert_int_equal(wire_info_read(&seen, wire_slice_str(json)), 0);
	assert_string_equal(seen.server_id, "");
	assert_int_equal(seen.max_payload, 0);
	assert_int_equal(wire_info_read(&seen, WIRE_LITERAL("{\"server_id\":7,\"max_payload\":\"8\"}")), 0);
	assert_string_equal(seen.server_id, "");
	assert_int_equal(seen.max_payload, 0);
	assert_int_equal(wire_info_read(&seen, WIRE_LITERAL("[1]")), WIRE_EJSON);
	assert_int_equal(wire_info_read(&seen, WIRE_LITERAL("{")), WIRE_EJSON);
	assert_int_equal(wire_info_read(&seen, wire_slice(NULL, 0)), WIRE_EJSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_missing_field_has_nats_servers_default),
	    cmocka_unit_test(every_field_is_read),
	    cmocka_unit_test(null_counts_as_missing_and_keys_match_in_any_case),
	    cmocka_unit_test(a_protocol_out_of_range_stays_out_of_range),
	    cmocka_unit_test(what_is_no_object_or_of_a_wrong_type_is_refused),
	    cmocka_unit_test(what_go_reads_is_read),
	    cmocka_unit_test(the_last_of_several_counts),
	    cmocka_unit_test(an_account_is_read),
	    cmocka_unit_test(a_refusal_names_the_field_and_not_its_value),
	    cmocka_unit_test(finishing_twice_is_harmless),
	    cmocka_unit_test(info_leaves_out_what_does_not_apply),
	    cmocka_unit_test(info_tells_everything_that_applies),
	    cmocka_unit_test(a_listener_reads_the_server_and_its_limit),
	    cmocka_unit_test(a_proxy_reads_the_nonce_and_the_level_of_the_api),
	    cmocka_unit_test(a_listener_believes_nothing_senseless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
