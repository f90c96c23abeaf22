/* Messages by something that they have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/grouping.h"

#define SLICE(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct wire_client shop = {.address = SLICE("10.0.0.1:5000"), .name = SLICE("shop")};
static const struct wire_client nameless = {.address = SLICE("10.0.0.2:6000")};

static const struct wire_client *find_client(struct wire_source *source, uint64_t conn)
{
	(void)source;
	return conn == 1 || conn == 2 ? &shop : conn == 3 ? &nameless : NULL;
}

static struct wire_source source = {.client = find_client};

/* Two connections of the shop, one without a name, and a publisher that is not known. */
static const struct wire_receiver receivers[] = {{.conn = 2, .queue = SLICE("workers"), .outcome = WIRE_SENT},
						 {.conn = 3, .outcome = WIRE_SENT},
						 {.conn = 4, .outcome = WIRE_DROPPED_SLOW}};

static const struct wire_event events[] = {
    {.kind = WIRE_EVENT_MESSAGE,
     .conn = 1,
     .subject = SLICE("orders.4711.paid"),
     .size = 10,
     .headers = SLICE("NATS/1.0\r\nPriority: high\r\npriority: low\r\n\r\n"),
     .receivers = receivers,
     .receivers_len = 3,
     .receiver_count = 2},
    {.kind = WIRE_EVENT_MESSAGE, .conn = 2, .subject = SLICE("_INBOX.a.1"), .size = 0},
    {.kind = WIRE_EVENT_MESSAGE,
     .conn = 3,
     .subject = SLICE("_INBOX.b"),
     .size = 15,
     .receivers = &receivers[2],
     .receivers_len = 1},
    {.kind = WIRE_EVENT_MESSAGE,
     .flags = WIRE_EVENT_PUBLISHER_UNKNOWN | WIRE_EVENT_RECEIVERS_UNKNOWN,
     .subject = SLICE("orders.new"),
     .size = 1},
    {.kind = WIRE_EVENT_ERROR, .conn = 3},
};

enum { EVENTS = sizeof events / sizeof *events };

/* A row of each name with so many messages, and no others. */
static void expect(enum trace_group_key key, const char *const *names, const uint64_t *messages, size_t len)
{
	struct trace_fold fold = {.tokens = true};
	const struct trace_grouping_options options = {.key = key, .header = "PRIORITY", .fold = &fold};
	struct trace_grouping grouping = {0};
	assert_int_equal(trace_grouping_init(&grouping, &source, &options), 0);
	for (size_t i = 0; i < EVENTS; i++)
		assert_int_equal(trace_grouping_add(&grouping, &events[i]), 0);
	assert_int_equal(grouping.counted, key == TRACE_GROUP_KIND ? EVENTS : EVENTS - 1);
	trace_grouping_end(&grouping);
	assert_int_equal(grouping.groups.len, len);
	for (size_t i = 0; i < len; i++) {
		assert_string_equal(grouping.groups.list[i].name.data, names[i]);
		assert_int_equal(grouping.groups.list[i].messages, messages[i]);
	}
	trace_grouping_fini(&grouping);
}

#define EXPECT(key, ...)                                  \
	static const char *const names[] = {__VA_ARGS__}; \
	(void)state;                                      \
	expect(key, names, messages, sizeof messages / sizeof *messages)

static void subjects_are_folded(void **state)
{
	static const uint64_t messages[] = {2, 1, 1};
	EXPECT(TRACE_GROUP_SUBJECT, "_INBOX.>", "orders.*.paid", "orders.new");
}

static void publishers_of_one_name_are_one(void **state)
{
	static const uint64_t messages[] = {2, 1, 1};
	EXPECT(TRACE_GROUP_CLIENT, "shop", "(no name) 10.0.0.2", "(unknown)");
}

static void each_connection_is_one_of_its_own(void **state)
{
	static const uint64_t messages[] = {1, 1, 1, 1};
	EXPECT(TRACE_GROUP_CONN, "#3", "(unknown)", "shop#1", "shop#2");
}

static void a_message_counts_for_each_receiver_that_got_it(void **state)
{
	static const uint64_t messages[] = {1, 1, 1, 1, 1};
	EXPECT(TRACE_GROUP_RECEIVER, "(dropped)", "(no name) 10.0.0.2", "(nobody)", "(unknown)", "shop");
}

static void plain_subscriptions_have_no_queue_group(void **state)
{
	static const uint64_t messages[] = {1, 1, 1, 1, 1};
	EXPECT(TRACE_GROUP_QUEUE, "(dropped)", "(no queue group)", "(nobody)", "(unknown)", "workers");
}

static void the_first_value_of_a_header_counts_whatever_the_case_of_its_key(void **state)
{
	static const uint64_t messages[] = {3, 1};
	EXPECT(TRACE_GROUP_HEADER, "(none)", "high");
}

static void events_of_every_kind_count_by_kind(void **state)
{
	static const uint64_t messages[] = {4, 1};
	EXPECT(TRACE_GROUP_KIND, "message", "error");
}

static void classes_of_size_are_powers_of_two_in_rising_order(void **state)
{
	static const uint64_t messages[] = {1, 1, 2};
	EXPECT(TRACE_GROUP_SIZE, "0 B", "1 B", "8 to 15 B");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subjects_are_folded),
	    cmocka_unit_test(publishers_of_one_name_are_one),
	    cmocka_unit_test(each_connection_is_one_of_its_own),
	    cmocka_unit_test(a_message_counts_for_each_receiver_that_got_it),
	    cmocka_unit_test(plain_subscriptions_have_no_queue_group),
	    cmocka_unit_test(the_first_value_of_a_header_counts_whatever_the_case_of_its_key),
	    cmocka_unit_test(events_of_every_kind_count_by_kind),
	    cmocka_unit_test(classes_of_size_are_powers_of_two_in_rising_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
