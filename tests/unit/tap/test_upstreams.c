/* Which server is tried next, and how long a server that fails is left alone. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tap/proxy/upstreams.h"

static struct tap__upstreams three_upstreams(bool is_random)
{
	static const char *const urls[] = {"nats://127.0.0.1:1", "127.0.0.2:2", "[::1]:3", NULL};
	struct tap__upstreams upstreams;
	struct wire_fault fault;
	assert_int_equal(tap__upstreams_init(&upstreams, urls, is_random, &fault), 0);
	assert_int_equal(upstreams.count, 3);
	return upstreams;
}

static void the_first_that_is_up_is_tried_first_and_each_once(void **state)
{
	struct tap__upstreams upstreams = three_upstreams(false);
	uint64_t tried = 0;
	(void)state;
	assert_true(tap__upstream_failed(upstreams.list[0]));
	assert_false(tap__upstream_failed(upstreams.list[0])); /* no change */
	assert_ptr_equal(tap__upstreams_next(&upstreams, &tried), upstreams.list[1]);
	assert_ptr_equal(tap__upstreams_next(&upstreams, &tried), upstreams.list[2]);
	assert_true(tap__upstreams_are_left(&upstreams, tried));
	assert_ptr_equal(tap__upstreams_next(&upstreams, &tried), upstreams.list[0]);
	assert_null(tap__upstreams_next(&upstreams, &tried));
	assert_false(tap__upstreams_are_left(&upstreams, tried));
	tap__upstreams_fini(&upstreams);
}

static void each_that_is_up_may_be_chosen_at_random(void **state)
{
	struct tap__upstreams upstreams = three_upstreams(true);
	unsigned chosen[3] = {0};
	(void)state;
	tap__upstream_failed(upstreams.list[1]);
	for (int i = 0; i < 400; i++) {
		uint64_t tried = 0;
		chosen[tap__upstreams_next(&upstreams, &tried)->url.port - 1]++;
	}
	assert_int_equal(chosen[1], 0);
	assert_true(chosen[0] > 100 && chosen[2] > 100);
	tap__upstreams_fini(&upstreams);
}

static void checks_become_rarer_with_each_failure_up_to_a_limit(void **state)
{
	struct tap__upstreams upstreams = three_upstreams(false);
	struct tap__upstream *upstream = upstreams.list[0];
	uint64_t last_ms = 0;
	(void)state;
	tap__upstream_failed(upstream);
	assert_int_equal(tap__upstream_check_ms(upstream), 250);
	for (int i = 0; i < 100; i++) {
		tap__upstream_failed(upstream);
		assert_true(tap__upstream_check_ms(upstream) >= last_ms);
		last_ms = tap__upstream_check_ms(upstream);
	}
	assert_int_equal(last_ms, 10000);
	assert_true(tap__upstream_answered(upstream));
	tap__upstream_failed(upstream);
	assert_int_equal(tap__upstream_check_ms(upstream), 250);
	tap__upstreams_fini(&upstreams);
}

/* A list of two addresses, of which the first may be left out. */
static void set_addresses(struct tap__upstream *upstream, int first)
{
	struct sockaddr_in ends[2] = {{.sin_family = AF_INET, .sin_port = 1},
				      {.sin_family = AF_INET, .sin_port = 2}};
	struct addrinfo found[2] = {{.ai_addr = (struct sockaddr *)&ends[0], .ai_addrlen = sizeof ends[0]},
				    {.ai_addr = (struct sockaddr *)&ends[1], .ai_addrlen = sizeof ends[1]}};
	found[0].ai_next = &found[1];
	tap__upstream_set_addresses(upstream, &found[first]);
}

static in_port_t port_in_use(const struct tap__upstream *upstream)
{
	return ((const struct sockaddr_in *)&upstream->addresses[upstream->address_at])->sin_port;
}

static void a_failure_leads_to_the_next_address_which_then_stays_in_use(void **state)
{
	struct tap__upstreams upstreams = three_upstreams(false);
	struct tap__upstream *upstream = upstreams.list[0];
	(void)state;
	set_addresses(upstream, 0);
	assert_int_equal(port_in_use(upstream), 1);
	tap__upstream_failed(upstream);
	assert_int_equal(port_in_use(upstream), 2);
	set_addresses(upstream, 0);
	assert_int_equal(port_in_use(upstream), 2);
	set_addresses(upstream, 1);
	assert_int_equal(port_in_use(upstream), 2);
	tap__upstream_failed(upstream);
	assert_int_equal(port_in_use(upstream), 2);
	tap__upstreams_fini(&upstreams);
}

static void after_a_reload_an_upstream_that_stays_keeps_its_state(void **state)
{
	static const char *const urls[] = {"127.0.0.4:4", "nats://127.0.0.2:2", NULL}, *const bad[] = {"@",
												       NULL};
	struct tap__upstreams upstreams = three_upstreams(false);
	struct tap__upstream *removed = upstreams.list[0], *stays = upstreams.list[1];
	struct wire_fault fault;
	(void)state;
	tap__upstream_failed(stays);
	removed->connections = 1;
	assert_int_equal(tap__upstreams_replace(&upstreams, urls, false, &fault), 0);
	assert_int_equal(upstreams.count, 2);
	assert_string_equal(upstreams.list[0]->name, "127.0.0.4:4");
	assert_ptr_equal(upstreams.list[1], stays);
	assert_false(stays->is_up);
	assert_false(removed->is_listed);
	assert_int_equal(removed->connections, 1);
	assert_int_equal(tap__upstreams_replace(&upstreams, bad, false, &fault), -EINVAL);
	assert_int_equal(upstreams.count, 2);
	assert_true(stays->is_listed);
	tap__upstreams_fini(&upstreams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_that_is_up_is_tried_first_and_each_once),
	    cmocka_unit_test(each_that_is_up_may_be_chosen_at_random),
	    cmocka_unit_test(checks_become_rarer_with_each_failure_up_to_a_limit),
	    cmocka_unit_test(after_a_reload_an_upstream_that_stays_keeps_its_state),
	    cmocka_unit_test(a_failure_leads_to_the_next_address_which_then_stays_in_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
