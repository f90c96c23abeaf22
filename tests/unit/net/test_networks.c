/* Lists of IP networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/networks.h"

static bool is_in(const char *network, const char *ip)
{
	struct net_networks networks = {0};
	struct wire_fault fault = {0};
	if (net_networks_add(&networks, network, &fault) != 0)
		fail_msg("%s", fault.text);
	bool is_inside = net_networks_contain(&networks, ip);
	net_networks_fini(&networks);
	return is_inside;
}

static void a_network_contains_the_addresses_with_its_first_bits(void **state)
{
	(void)state;
	assert_true(is_in("10.0.0.0/8", "10.255.255.255"));
	assert_false(is_in("10.0.0.0/8", "11.0.0.0"));
	assert_true(is_in("192.168.6.0/23", "192.168.7.255"));
	assert_false(is_in("192.168.6.0/23", "192.168.8.0"));
	assert_true(is_in("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(is_in("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(is_in("0.0.0.0/0", "1.2.3.4"));
	assert_true(is_in("::/0", "1.2.3.4"));
	assert_false(is_in("0.0.0.0/0", "2001:db8::1"));
}

static void a_network_without_bits_is_one_address(void **state)
{
	(void)state;
	assert_true(is_in("127.0.0.1", "127.0.0.1"));
	assert_false(is_in("127.0.0.1", "127.0.0.2"));
	assert_true(is_in("::1", "0:0::1"));
	assert_true(is_in("fe80::1", "fe80::1%eth0"));
	assert_false(is_in("::1", ""));
}

static void other_texts_are_refused(void **state)
{
	static const char *const texts[] = {"",        "10.0.0.0/", "10.0.0.0/33", "10.0.0/8",
					    "::1/129", "localhost", "10.0.0.0/x",  "10.0.0.0/-1"};
	struct net_networks networks = {0};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_true(net_networks_add(&networks, texts[i], NULL) < 0);
	assert_int_equal(networks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_network_contains_the_addresses_with_its_first_bits),
	    cmocka_unit_test(a_network_without_bits_is_one_address),
	    cmocka_unit_test(other_texts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
