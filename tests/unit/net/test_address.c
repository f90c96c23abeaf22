/* Hosts and ports as text and as socket addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/address.h"

static void addresses_are_split_into_host_and_port(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} cases[] = {
	    {"10.0.0.7", "10.0.0.7", 4222}, {"10.0.0.7:5", "10.0.0.7", 5}, {"host:-1", "host", 4222},
	    {"[::1]", "::1", 4222},         {"[::1]:80", "::1", 80},       {":6", "", 6},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char host[NET_HOST_TEXT];
		int port;
		assert_true(net_address_split(cases[i].text, 4222, host, &port));
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

static void other_texts_are_no_addresses(void **state)
{
	static const char *const cases[] = {"[::1", "[::1]x", "::1", "host:65536", "host:x", "a:1:2"};
	char long_host[NET_HOST_TEXT + 1], host[NET_HOST_TEXT];
	int port;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_false(net_address_split(cases[i], 1, host, &port));
	memset(long_host, 'h', sizeof long_host);
	long_host[NET_HOST_TEXT] = '\0';
	assert_false(net_address_split(long_host, 1, host, &port));
	assert_true(net_address_split(long_host + 1, 1, host, &port));
}

static void ipv6_hosts_are_written_in_brackets(void **state)
{
	char text[NET_ADDRESS_TEXT];
	(void)state;
	assert_string_equal(net_address_text(text, sizeof text, "::1", 80), "[::1]:80");
	assert_string_equal(net_address_text(text, sizeof text, "host", 80), "host:80");
}

static void numeric_hosts_are_resolved_and_written_back(void **state)
{
	static const struct {
		const char *host, *ip;
	} cases[] = {{"127.0.0.1", "127.0.0.1"}, {"::1", "::1"}, {"::ffff:10.0.0.7", "10.0.0.7"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sockaddr_storage address = {0};
		char ip[NET_IP_TEXT];
		assert_int_equal(net_address_resolve(&address, cases[i].host, 77), 0);
		assert_int_equal(net_address_ip(&address, ip), 77);
		assert_string_equal(ip, cases[i].ip);
	}
}

static void names_are_looked_up(void **state)
{
	struct sockaddr_storage address = {0};
	char ip[NET_IP_TEXT];
	(void)state;
	assert_int_equal(net_address_resolve(&address, "localhost", 77), 0);
	assert_int_equal(net_address_ip(&address, ip), 77);
	assert_true(net_address_resolve(&address, "no.such.host.invalid", 77) < 0);
}

static void an_address_of_another_family_has_no_ip(void **state)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	char ip[NET_IP_TEXT] = "x";
	(void)state;
	assert_int_equal(net_address_ip(&address, ip), 0);
	assert_string_equal(ip, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_split_into_host_and_port),
	    cmocka_unit_test(other_texts_are_no_addresses),
	    cmocka_unit_test(ipv6_hosts_are_written_in_brackets),
	    cmocka_unit_test(numeric_hosts_are_resolved_and_written_back),
	    cmocka_unit_test(names_are_looked_up),
	    cmocka_unit_test(an_address_of_another_family_has_no_ip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
