/* The INFO of a server, rewritten to describe the proxy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/proxy/info_rewrite.h"
#include "tap/proxy/rules.h"

static struct tap__info_rules rules_of(const char *const *advertise, const char *const *maps)
{
	struct tap__info_rules rules;
	struct wire_fault fault = {0};
	if (tap__rules_init(&rules, advertise, maps, &fault) != 0)
		fail_msg("%s", fault.text);
	rules.host = "proxy";
	rules.port = 4222;
	return rules;
}

static void expect(const char *const *advertise, const char *const *maps, const char *json,
		   const char *wanted)
{
	struct tap__info_rules rules = rules_of(advertise, maps);
	size_t len = 0;
	char *text = tap__info_rewrite(wire_slice_str(json), &rules, &len);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_int_equal(len, strlen(wanted));
	free(text);
	tap__rules_fini(&rules);
}

static void host_and_port_are_those_of_the_proxy_and_all_else_keeps_its_bytes(void **state)
{
	(void)state;
	expect(NULL, NULL,
	       "{\"server_id\":\"N\\u0041\",\"host\":\"10.0.0.1\",\"port\":7,\"x\":[1, "
	       "{\"host\":2}],\"y\":1.50}",
	       "{\"server_id\":\"N\\u0041\",\"host\":\"proxy\",\"port\":4222,\"x\":[1, "
	       "{\"host\":2}],\"y\":1.50}");
}

static void tls_flags_and_the_nonce_are_relayed(void **state)
{
	(void)state;
	expect(NULL, NULL, "{\"tls_required\":true,\"nonce\":\"abc\"}",
	       "{\"tls_required\":true,\"nonce\":\"abc\"}");
}

static void a_proxy_that_speaks_tls_sets_its_own_flags(void **state)
{
	static const char server[] =
	    "{\"tls_required\":true,\"tls_available\":true,\"nonce\":\"abc\",\"tls_verify\":true}";
	static const struct {
		bool required, verify;
		const char *info;
	} cases[] = {{false, false, "{\"nonce\":\"abc\"}"},
		     {true, false, "{\"nonce\":\"abc\",\"tls_required\":true}"},
		     {true, true, "{\"nonce\":\"abc\",\"tls_required\":true,\"tls_verify\":true}"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tap__info_rules rules = rules_of(NULL, NULL);
		size_t len;
		rules.has_own_tls = true;
		rules.tls_required = cases[i].required;
		rules.tls_verify = cases[i].verify;
		char *text = tap__info_rewrite(wire_slice_str(server), &rules, &len);
		assert_non_null(text);
		assert_int_equal(len, strlen(cases[i].info));
		assert_memory_equal(text, cases[i].info, len);
		free(text);
		tap__rules_fini(&rules);
	}
}

static void addresses_of_the_cluster_are_left_out(void **state)
{
	(void)state;
	expect(NULL, NULL,
	       "{\"a\":1,\"connect_urls\":[\"10.0.0.1:4222\"],\"ws_connect_urls\":[\"b:80\"],\"z\":2}",
	       "{\"a\":1,\"z\":2}");
	expect(NULL, NULL, "{\"connect_urls\":[\"10.0.0.1:4222\"]}", "{}");
}

static void an_address_with_a_map_is_translated(void **state)
{
	const char *const maps[] = {"10.0.0.2=proxy2:4300", "nats://[::1]:7=proxy3", NULL};
	(void)state;
	expect(NULL, maps, "{\"connect_urls\":[\"10.0.0.1:4222\",\"10.0.0.2:4222\",\"[::1]:7\"],\"a\":1}",
	       "{\"connect_urls\":[\"proxy2:4300\",\"proxy3:4222\"],\"a\":1}");
}

static void advertised_proxies_are_named_once_even_where_the_server_names_nobody(void **state)
{
	const char *const advertise[] = {"nats://p1:1", "p2", NULL}, *const maps[] = {"c:1=p1:1", NULL};
	(void)state;
	expect(advertise, maps, "{\"connect_urls\":[\"c:1\"]}", "{\"connect_urls\":[\"p1:1\",\"p2:4222\"]}");
	expect(advertise, NULL, "{\"a\":1}", "{\"a\":1,\"connect_urls\":[\"p1:1\",\"p2:4222\"]}");
	expect(advertise, NULL, "{}", "{\"connect_urls\":[\"p1:1\",\"p2:4222\"]}");
}

static void keys_are_found_in_any_case_and_lists_of_the_wrong_type_are_left_out(void **state)
{
	(void)state;
	expect(NULL, NULL, "{\"Connect_URLs\":null,\"HOST\":7,\"connect_urls\":[1,[\"a\"],{}]}",
	       "{\"host\":\"proxy\"}");
}

static void what_is_no_object_is_not_rewritten(void **state)
{
	static const char *const texts[] = {"",
					    "[]",
					    "1",
					    "{",
					    "{\"host\"",
					    "{\"host\":",
					    "{\"host\":\"a\"",
					    "{\"connect_urls\":[",
					    "{\"connect_urls\":[\"a\"",
					    "{} x",
					    "{\"a\":1,}"};
	struct tap__info_rules rules = rules_of(NULL, NULL);
	size_t len;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_null(tap__info_rewrite(wire_slice_str(texts[i]), &rules, &len));
	tap__rules_fini(&rules);
}

static void urls_with_credentials_or_of_other_schemes_are_refused(void **state)
{
	static const char *const urls[] = {"nats://user:secret@a:1", "ws://a:1", "a:x", "", "a b", "a\"b"};
	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		const char *const list[] = {urls[i], NULL};
		struct tap__info_rules rules;
		struct wire_fault fault = {0};
		assert_true(tap__rules_init(&rules, list, NULL, &fault) < 0);
		assert_null(strstr(fault.text, "secret"));
		tap__rules_fini(&rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(host_and_port_are_those_of_the_proxy_and_all_else_keeps_its_bytes),
	    cmocka_unit_test(tls_flags_and_the_nonce_are_relayed),
	    cmocka_unit_test(a_proxy_that_speaks_tls_sets_its_own_flags),
	    cmocka_unit_test(addresses_of_the_cluster_are_left_out),
	    cmocka_unit_test(an_address_with_a_map_is_translated),
	    cmocka_unit_test(advertised_proxies_are_named_once_even_where_the_server_names_nobody),
	    cmocka_unit_test(keys_are_found_in_any_case_and_lists_of_the_wrong_type_are_left_out),
	    cmocka_unit_test(what_is_no_object_is_not_rewritten),
	    cmocka_unit_test(urls_with_credentials_or_of_other_schemes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
