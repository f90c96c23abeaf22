/* When a log was written: from its first event to its last, without periods in which nothing was logged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/read/uptime.h"

static struct store_period period(int64_t from_ns, int64_t to_ns)
{
	return (struct store_period){from_ns, to_ns};
}

static void a_log_without_an_event_was_never_written(void **state)
{
	const struct store_uptime uptime = {0};
	(void)state;
	assert_int_equal(store_uptime_up(&uptime, period(-100, 100)), 0);
	assert_int_equal(store_uptime_down(&uptime, period(-100, 100)), 0);
}

static void time_before_and_after_the_log_is_neither_up_nor_down(void **state)
{
	struct store_uptime uptime = {.life = {100, 200}};
	(void)state;
	store_uptime_sort(&uptime);
	assert_int_equal(store_uptime_up(&uptime, period(0, 1000)), 100);
	assert_int_equal(store_uptime_up(&uptime, period(150, 1000)), 50);
	assert_int_equal(store_uptime_up(&uptime, period(0, 100)), 0);
	assert_int_equal(store_uptime_up(&uptime, period(300, 400)), 0);
	assert_int_equal(store_uptime_up(&uptime, period(INT64_MIN, INT64_MAX)), 100);
	assert_int_equal(store_uptime_down(&uptime, period(0, 1000)), 0);
}

static void overlapping_periods_count_once(void **state)
{
	struct store_uptime uptime = {.life = {0, 1000}};
	(void)state;
	assert_int_equal(store_uptime_add_down(&uptime, 500, 600), 0);
	assert_int_equal(store_uptime_add_down(&uptime, 100, 300), 0);
	assert_int_equal(store_uptime_add_down(&uptime, 200, 400), 0);
	assert_int_equal(store_uptime_add_down(&uptime, 150, 160), 0);
	assert_int_equal(store_uptime_add_down(&uptime, 700, 700), 0); /* empty */
	store_uptime_sort(&uptime);
	assert_int_equal(uptime.len, 2);
	assert_int_equal(store_uptime_down(&uptime, period(0, 1000)), 400);
	assert_int_equal(store_uptime_down(&uptime, period(350, 550)), 100);
	assert_int_equal(store_uptime_down(&uptime, period(400, 500)), 0);
	assert_int_equal(store_uptime_up(&uptime, period(350, 550)), 100);
	assert_int_equal(store_uptime_up(&uptime, period(100, 400)), 0);
	store_uptime_fini(&uptime);
}

static void periods_outside_the_log_do_not_count(void **state)
{
	struct store_uptime uptime = {.life = {100, 200}};
	(void)state;
	assert_int_equal(store_uptime_add_down(&uptime, 0, 110), 0);
	assert_int_equal(store_uptime_add_down(&uptime, 190, 500), 0);
	store_uptime_sort(&uptime);
	assert_int_equal(store_uptime_down(&uptime, period(INT64_MIN, INT64_MAX)), 20);
	assert_int_equal(store_uptime_up(&uptime, period(INT64_MIN, INT64_MAX)), 80);
	store_uptime_fini(&uptime);
}

static void a_log_beside_it_was_written_meanwhile(void **state)
{
	struct store_uptime one = {.life = {0, 1000}}, other = {.life = {250, 1200}};
	(void)state;
	assert_int_equal(store_uptime_add_down(&one, 100, 300), 0);
	assert_int_equal(store_uptime_add_down(&one, 500, 700), 0);
	assert_int_equal(store_uptime_add_down(&other, 600, 900), 0);
	assert_int_equal(store_uptime_add_down(&other, 1100, 1150), 0);
	store_uptime_sort(&one);
	store_uptime_sort(&other);
	assert_int_equal(store_uptime_join(&one, &other), 0);
	assert_int_equal(one.life.from_ns, 0);
	assert_int_equal(one.life.to_ns, 1200);
	assert_int_equal(store_uptime_down(&one, period(0, 400)), 150);    /* before the other began */
	assert_int_equal(store_uptime_down(&one, period(400, 1000)), 100); /* both were down */
	assert_int_equal(store_uptime_down(&one, period(1000, 1200)), 50); /* after the first ended */
	store_uptime_fini(&one);
	store_uptime_fini(&other);
}

static void between_two_logs_nothing_was_logged(void **state)
{
	struct store_uptime monday = {.life = {100, 200}}, wednesday = {.life = {500, 600}}, all = {0};
	(void)state;
	assert_int_equal(store_uptime_join(&all, &wednesday), 0);
	assert_int_equal(store_uptime_join(&all, &monday), 0);
	assert_int_equal(store_uptime_join(&all, &(struct store_uptime){0}), 0);
	assert_int_equal(store_uptime_down(&all, period(0, 1000)), 300);
	assert_int_equal(store_uptime_up(&all, period(0, 1000)), 200);
	store_uptime_fini(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_without_an_event_was_never_written),
	    cmocka_unit_test(time_before_and_after_the_log_is_neither_up_nor_down),
	    cmocka_unit_test(overlapping_periods_count_once),
	    cmocka_unit_test(periods_outside_the_log_do_not_count),
	    cmocka_unit_test(a_log_beside_it_was_written_meanwhile),
	    cmocka_unit_test(between_two_logs_nothing_was_logged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
