/* Subscriptions by connection and sid, compared with a plain table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trace/subscriptions.h"

enum { CLIENTS = 8, SIDS = 64 };

static struct wire_slice sid_of(char text[16], uint32_t sid)
{
	return wire_slice(text, (size_t)snprintf(text, 16, "%u", sid));
}

/* Random steps: subscribe, unsubscribe, all of a client leave. Owners say which subscription is found. */
static void what_was_added_and_not_removed_is_found(void **state)
{
	struct trace_memory memory = {.max = 1 << 20};
	struct trace_subscriptions subscriptions;
	uint32_t there[CLIENTS][SIDS] = {{0}}, random = 1;
	char text[16];
	(void)state;
	trace_subscriptions_init(&subscriptions, &memory);
	for (uint32_t step = 1; step <= 20000; step++) {
		random = random * 1664525 + 1013904223;
		uint32_t client = random >> 8 & (CLIENTS - 1), sid = random >> 16 & (SIDS - 1);
		struct trace_subscription *found =
		    trace_subscriptions_find(&subscriptions, client, sid_of(text, sid));
		assert_int_equal(found ? found->owner : 0, there[client][sid]);
		if (random >> 27 == 0) {
			while ((found = trace_subscriptions_newest(&subscriptions, client)))
				trace_subscriptions_remove(&subscriptions, found);
			memset(there[client], 0, sizeof there[client]);
		} else if (found && random & 1 << 30) {
			trace_subscriptions_remove(&subscriptions, found);
			there[client][sid] = 0;
		} else {
			found = trace_subscriptions_add(&subscriptions, client, sid_of(text, sid));
			assert_non_null(found);
			found->owner = there[client][sid] = step;
		}
	}
	assert_true(subscriptions.len <= CLIENTS * SIDS);
	trace_subscriptions_fini(&subscriptions);
}

static void there_is_no_room_beyond_the_memory(void **state)
{
	struct trace_memory memory = {.max = 100000};
	struct trace_subscriptions subscriptions;
	char text[16];
	uint32_t added = 0;
	(void)state;
	trace_subscriptions_init(&subscriptions, &memory);
	for (uint32_t sid = 0; sid < 10000; sid++)
		added += trace_subscriptions_add(&subscriptions, 1, sid_of(text, sid)) != NULL;
	assert_in_range(added, 256, 2000);
	assert_true(memory.used <= memory.max);
	assert_true(memory.refused > 0);
	trace_subscriptions_fini(&subscriptions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_added_and_not_removed_is_found),
	    cmocka_unit_test(there_is_no_room_beyond_the_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
