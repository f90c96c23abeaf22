/* Events that other threads add to those of a subscription. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap/subscriber/notices.h"

enum { THREADS = 4, EACH = 2000, LARGE = 1 << 20 };

static struct tap__notices notices;

static int start(void **state)
{
	(void)state;
	tap__notices_init(&notices);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tap__notices_fini(&notices);
	return 0;
}

static void add(int64_t time_ns, struct wire_slice text)
{
	const struct wire_event event = {.kind = WIRE_EVENT_MARK, .time_ns = time_ns, .text = text};
	tap__notices_add(&notices, &event);
}

static void they_come_out_in_the_order_in_which_they_were_added(void **state)
{
	char text[] = "mine";
	(void)state;
	assert_true(tap__notices_are_empty(&notices));
	assert_null(tap__notices_first(&notices));
	add(1, wire_slice_str(text));
	add(2, wire_slice_str("second"));
	memset(text, 'x', sizeof text - 1); /* it was copied */
	assert_false(tap__notices_are_empty(&notices));
	assert_int_equal(tap__notices_first(&notices)->time_ns, 1);
	assert_memory_equal(tap__notices_first(&notices)->text.data, "mine", 4);
	tap__notices_remove(&notices);
	assert_int_equal(tap__notices_first(&notices)->time_ns, 2);
	tap__notices_remove(&notices);
	assert_true(tap__notices_are_empty(&notices));
	assert_int_equal(notices.bytes + notices.lost, 0);
}

static void more_than_there_is_room_for_are_counted(void **state)
{
	(void)state;
	for (int i = 0; i < TAP__NOTICES_MAX; i++)
		add(i, wire_slice_str(""));
	assert_int_equal(notices.lost, 0);
	add(0, wire_slice_str(""));
	assert_int_equal(notices.lost, 1);
	tap__notices_remove(&notices);
	add(0, wire_slice_str(""));
	assert_int_equal(notices.lost, 1);
}

static void texts_beyond_the_limit_of_bytes_are_counted(void **state)
{
	char *large = calloc(1, LARGE);
	int added = 0;
	(void)state;
	for (; notices.lost == 0 && added < 100; added++)
		add(added, wire_slice(large, LARGE));
	assert_in_range(added, TAP__NOTICES_BYTES / LARGE, TAP__NOTICES_BYTES / LARGE + 1);
	assert_true(notices.bytes <= TAP__NOTICES_BYTES);
	while (!tap__notices_are_empty(&notices))
		tap__notices_remove(&notices);
	assert_int_equal(notices.bytes, 0);
	add(0, wire_slice(large, LARGE));
	assert_int_equal(notices.lost, 1);
	free(large);
}

static void *add_many(void *context)
{
	for (int64_t i = 1; i <= EACH; i++)
		add((int64_t)(intptr_t)context * EACH + i, wire_slice_str("text"));
	return NULL;
}

/* Each thread's in order. */
static void threads_may_add_at_the_same_time(void **state)
{
	pthread_t threads[THREADS];
	int64_t last[THREADS] = {0};
	(void)state;
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, (void *)i), 0);
	for (int taken = 0; taken < THREADS * EACH;) {
		if (tap__notices_are_empty(&notices))
			continue;
		int64_t number = tap__notices_first(&notices)->time_ns - 1, thread = number / EACH;
		assert_int_equal(number % EACH, last[thread]++);
		tap__notices_remove(&notices);
		taken++;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_true(tap__notices_are_empty(&notices));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    CASE(they_come_out_in_the_order_in_which_they_were_added),
	    CASE(more_than_there_is_room_for_are_counted),
	    CASE(texts_beyond_the_limit_of_bytes_are_counted),
	    CASE(threads_may_add_at_the_same_time),
	};
	return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}
