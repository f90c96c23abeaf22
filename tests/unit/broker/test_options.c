/* Broker options: nats-server's defaults, and contradictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/config/options.h"

static void defaults_are_those_of_nats_server(void **state)
{
	(void)state;
	struct broker_options options;
	broker_options_init(&options);
	assert_int_equal(options.port, 4222);
	assert_int_equal(options.max_control_line, 4096);
	assert_int_equal(options.max_payload, 1048576);
	assert_int_equal(options.max_pending, 67108864);
	assert_int_equal(options.max_connections, 65536);
	assert_int_equal(broker_options_auth_timeout_ms(&options), 2000);
	assert_int_equal(options.ping_interval_ms, 120000);
	assert_int_equal(options.ping_max, 2);
	assert_int_equal(options.write_deadline_ms, 10000);
	assert_int_equal(options.lame_duck_duration_ms, 120000);
	assert_int_equal(options.lame_duck_grace_ms, 10000);
	assert_true(options.log_time);
	assert_int_equal(options.first_client_id, 1);
	assert_int_equal(broker_options_check(&options, NULL), 0);
	broker_options_fini(&options);
}

static void finished_options_are_empty_and_may_be_finished_again(void **state)
{
	(void)state;
	struct broker_options options;
	broker_options_init(&options);
	options.host = strdup("h");
	options.password = strdup("p");
	options.users = calloc(1, sizeof *options.users);
	options.users_len = 1;
	options.users[0].name = strdup("u");
	options.users[0].permissions = calloc(1, sizeof *options.users[0].permissions);
	broker_options_fini(&options);
	assert_null(options.host);
	assert_int_equal(options.users_len, 0);
	broker_options_fini(&options);
}

static char word[] = "w";

static void assert_refused(const struct broker_options *options, const char *message)
{
	struct wire_fault fault;
	assert_int_equal(broker_options_check(options, &fault), BROKER_ECONFIG);
	assert_non_null(strstr(fault.text, message));
}

static void contradictions_are_refused(void **state)
{
	(void)state;
	struct broker_user user = {.name = word};
	struct broker_options options;
	broker_options_init(&options);
	struct broker_options changed = options;
	changed.password = word;
	assert_refused(&changed, "a password without a user");
	changed.token = word;
	assert_int_equal(broker_options_check(&changed, NULL), 0);
	changed = options;
	changed.users = &user;
	changed.users_len = 1;
	changed.no_auth_user = word;
	assert_int_equal(broker_options_check(&changed, NULL), 0);
	changed.users_len = 0;
	assert_refused(&changed, "no_auth_user \"w\" is not among");
}

static void limits_that_exceed_each_other_are_refused(void **state)
{
	(void)state;
	struct broker_options options;
	broker_options_init(&options);
	options.max_pending = options.max_payload;
	assert_int_equal(broker_options_check(&options, NULL), 0);
	options.max_pending--;
	assert_refused(&options, "max_payload (1048576) cannot be higher than max_pending (1048575)");
	broker_options_init(&options);
	options.lame_duck_grace_ms = options.lame_duck_duration_ms;
	assert_refused(&options, "lame duck grace period");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_are_those_of_nats_server),
	    cmocka_unit_test(finished_options_are_empty_and_may_be_finished_again),
	    cmocka_unit_test(contradictions_are_refused),
	    cmocka_unit_test(limits_that_exceed_each_other_are_refused),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
