/* The beginning of a connection on which the proxy speaks TLS: the INFO of the server is collected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/proxy/greeting.h"

static const char info[] = "INFO {\"tls_required\":true} \r\n";

static void info_is_whole_at_its_end_wherever_it_is_split(void **state)
{
	(void)state;
	for (size_t split = 0; split <= sizeof info - 1; split++) {
		struct tap__greeting greeting = {0};
		tap__greeting_begin(&greeting);
		assert_true(tap__greeting_add_server(&greeting, wire_slice(info, split)));
		assert_int_equal(tap__greeting_info(&greeting).len, split < sizeof info - 1 ? 0 : split);
		if (split < sizeof info - 1)
			assert_true(tap__greeting_add_server(
			    &greeting, wire_slice(info + split, sizeof info - 1 - split)));
		assert_int_equal(tap__greeting_info(&greeting).len, sizeof info - 1);
		assert_int_equal(tap__greeting_rest(&greeting).len, 0);
		tap__greeting_fini(&greeting);
	}
}

static void what_follows_info_is_kept_apart(void **state)
{
	struct tap__greeting greeting = {0};
	(void)state;
	tap__greeting_begin(&greeting);
	assert_true(tap__greeting_add_server(&greeting, wire_slice_str("INFO {}\r\nPI")));
	assert_true(tap__greeting_add_server(&greeting, wire_slice_str("NG\r\n")));
	assert_int_equal(tap__greeting_info(&greeting).len, 9);
	assert_true(wire_slice_equal(tap__greeting_rest(&greeting), wire_slice_str("PING\r\n")));
	tap__greeting_fini(&greeting);
}

static void other_bytes_than_info_are_refused_at_once(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 400\r\n", "IMAP", "\x16\x03\x01", "PING\r\n"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct tap__greeting greeting = {0};
		tap__greeting_begin(&greeting);
		assert_false(tap__greeting_add_server(&greeting, wire_slice_str(texts[i])));
		tap__greeting_fini(&greeting);
	}
}

static void neither_side_can_make_it_grow_without_bound(void **state)
{
	struct tap__greeting greeting = {0};
	char bytes[1000];
	unsigned server = 0, client = 0;
	(void)state;
	memset(bytes, 'x', sizeof bytes);
	tap__greeting_begin(&greeting);
	assert_true(tap__greeting_add_server(&greeting, wire_slice_str("INFO ")));
	while (tap__greeting_add_server(&greeting, wire_slice(bytes, sizeof bytes)) && server < 10000)
		server++;
	while (tap__greeting_add_client(&greeting, wire_slice(bytes, sizeof bytes)) && client < 10000)
		client++;
	assert_in_range(server, 200, 300);
	assert_in_range(client, 50, 70);
	tap__greeting_fini(&greeting);
}

static void the_next_server_begins_again_and_the_client_is_remembered(void **state)
{
	struct tap__greeting greeting = {0};
	(void)state;
	tap__greeting_begin(&greeting);
	assert_true(tap__greeting_add_server(&greeting, wire_slice_str("INFO {\"of the first")));
	assert_true(tap__greeting_add_client(&greeting, wire_slice_str("hello")));
	tap__greeting_begin(&greeting);
	assert_true(tap__greeting_add_server(&greeting, wire_slice_str("INFO {}\r\n")));
	assert_int_equal(tap__greeting_info(&greeting).len, 9);
	assert_int_equal(tap__greeting_client(&greeting).len, 5);
	tap__greeting_fini(&greeting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(info_is_whole_at_its_end_wherever_it_is_split),
	    cmocka_unit_test(what_follows_info_is_kept_apart),
	    cmocka_unit_test(other_bytes_than_info_are_refused_at_once),
	    cmocka_unit_test(neither_side_can_make_it_grow_without_bound),
	    cmocka_unit_test(the_next_server_begins_again_and_the_client_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
