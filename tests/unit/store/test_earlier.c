/* What a log states before an event: the subscriptions in force then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/care/earlier.h"
#include "store/care/new_log.h"
#include "support/tempdir.h"

struct fixture {
	struct support_tempdir dir;
	char path[300];
	struct store_new_log *log;
	struct store__earlier earlier;
};

static int setup(void **state)
{
	const struct store_new_log_options options = {
	    .written_by = "test", .level = 1, .segment_bytes = 1 << 30};
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct wire_fault fault;
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->path, sizeof fixture->path);
	assert_int_equal(store_new_log_open(&fixture->log, fixture->path, &options, &fault), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	store__earlier_fini(&fixture->earlier);
	store_new_log_close(fixture->log);
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, enum wire_event_kind kind, uint64_t conn, const char *sid,
		const char *subject)
{
	struct wire_sink *sink = store_new_log_sink(fixture->log);
	const struct wire_event event = {.kind = kind,
					 .time_ns = 1,
					 .conn = conn,
					 .sid = wire_slice_str(sid),
					 .subject = wire_slice_str(subject)};
	sink->event(sink, &event);
}

/* Read all that was put. */
static void read_all(struct fixture *fixture)
{
	struct wire_fault fault;
	uint64_t events = store_new_log_events(fixture->log);
	assert_int_equal(store_new_log_finish(fixture->log, &fault), 0);
	assert_int_equal(store__earlier_read(&fixture->earlier, fixture->path, events + 1, &fault), 0);
}

static void assert_sids(const struct fixture *fixture, uint64_t conn, const char *expected)
{
	const struct store__subscription *at = NULL;
	struct wire_event event;
	char sids[200] = "";
	size_t len = 0;
	while (store__earlier_next(&fixture->earlier, conn, &at, &event))
		len += (size_t)snprintf(sids + len, sizeof sids - len, "%.*s ", (int)event.sid.len,
					event.sid.data);
	assert_string_equal(sids, expected);
}

static void subscriptions_in_force_come_in_their_order(void **state)
{
	struct fixture *fixture = *state;
	for (uint64_t conn = 1; conn <= 2; conn++) {
		put(fixture, WIRE_EVENT_SUBSCRIBE, conn, "1", "a");
		put(fixture, WIRE_EVENT_SUBSCRIBE, conn, "2", "b");
		put(fixture, WIRE_EVENT_SUBSCRIBE, conn, "3", "c");
		put(fixture, WIRE_EVENT_SUBSCRIBE, conn, "4", "d");
	}
	put(fixture, WIRE_EVENT_UNSUBSCRIBE, 1, "2", "");
	put(fixture, WIRE_EVENT_UNSUBSCRIBE, 2, "1", "");
	put(fixture, WIRE_EVENT_UNSUBSCRIBE, 2, "4", "");
	put(fixture, WIRE_EVENT_SUBSCRIBE, 2, "1", "e");
	read_all(fixture);
	assert_sids(fixture, 1, "1 3 4 ");
	assert_sids(fixture, 2, "2 3 1 ");
	assert_sids(fixture, 3, "");
}

static void a_disconnect_ends_the_subscriptions_of_its_connection(void **state)
{
	struct fixture *fixture = *state;
	put(fixture, WIRE_EVENT_SUBSCRIBE, 1, "1", "a");
	put(fixture, WIRE_EVENT_SUBSCRIBE, 2, "1", "a");
	put(fixture, WIRE_EVENT_SUBSCRIBE, 1, "2", "b");
	put(fixture, WIRE_EVENT_DISCONNECT, 1, "", "");
	read_all(fixture);
	assert_sids(fixture, 1, "");
	assert_sids(fixture, 2, "1 ");
}

/* A client that makes a subscription for each request. */
static void ended_subscriptions_take_no_memory(void **state)
{
	struct fixture *fixture = *state;
	char sid[20];
	for (int i = 0; i < 60000; i++) {
		snprintf(sid, sizeof sid, "%d", i);
		put(fixture, WIRE_EVENT_SUBSCRIBE, 1, sid, "_INBOX.x");
		put(fixture, WIRE_EVENT_UNSUBSCRIBE, 1, sid, "");
	}
	read_all(fixture);
	assert_sids(fixture, 1, "");
	assert_int_equal(fixture->earlier.subscriptions_len, 0);
	assert_int_equal(fixture->earlier.bytes, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(subscriptions_in_force_come_in_their_order),
	    CASE(a_disconnect_ends_the_subscriptions_of_its_connection),
	    CASE(ended_subscriptions_take_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
