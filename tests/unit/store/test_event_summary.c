#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/read/event_summary.h"
#include "support/tempdir.h"
#include "tests/unit/store/log_builder.h"

static void add_all(struct store_event_summary *totals, const char *log)
{
	const struct store_reader_options options = {.payloads = true};
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	int status;
	assert_int_equal(store_reader_open(&reader, log, &options, &fault), 0);
	while ((status = store_reader_next(reader, &event, &fault)) > 0)
		assert_int_equal(
		    store_event_summary_add(totals, &event, store_reader_client(reader, event.conn)), 0);
	assert_int_equal(status, 0);
	store_reader_close(reader);
}

static void assert_same_subjects(const struct store_summary *a, const struct store_summary *b)
{
	assert_int_equal(a->subjects.len, b->subjects.len);
	for (size_t i = 0; i < a->subjects.len; i++) {
		assert_true(wire_slice_equal(a->subjects.list[i].name, b->subjects.list[i].name));
		assert_int_equal(a->subjects.list[i].messages, b->subjects.list[i].messages);
		assert_int_equal(a->subjects.list[i].bytes, b->subjects.list[i].bytes);
	}
}

static void assert_same_clients(const struct store_summary *a, const struct store_summary *b)
{
	assert_int_equal(a->clients_len, b->clients_len);
	for (size_t i = 0; i < a->clients_len; i++) {
		assert_int_equal(a->clients[i].conn, b->clients[i].conn);
		assert_true(wire_slice_equal(a->clients[i].client.name, b->clients[i].client.name));
		assert_int_equal(a->clients[i].messages, b->clients[i].messages);
		assert_int_equal(a->clients[i].deliveries, b->clients[i].deliveries);
	}
}

static void totals_of_events_are_those_read_from_the_logs_columns(void **state)
{
	const char *log = *state;
	const struct store_summary_options options = {.clients = true};
	struct store_summary summary;
	struct wire_fault fault;
	struct store_event_summary *totals = store_event_summary_open(&options);
	add_all(totals, log);
	assert_int_equal(store_summary_read(&summary, log, &options, &fault), 0);
	const struct store_summary *found = store_event_summary_end(totals);
	assert_int_equal(found->events, summary.events);
	assert_int_equal(found->messages, summary.messages);
	assert_int_equal(found->bytes, summary.bytes);
	assert_int_equal(found->deliveries, summary.deliveries);
	assert_int_equal(found->connections, summary.connections);
	assert_int_equal(found->errors, summary.errors);
	assert_int_equal(found->gaps, summary.gaps);
	assert_int_equal(found->gap_messages, summary.gap_messages);
	assert_int_equal(found->first_time_ns, summary.first_time_ns);
	assert_int_equal(found->last_time_ns, summary.last_time_ns);
	assert_same_subjects(found, &summary);
	assert_same_clients(found, &summary);
	store_event_summary_close(totals);
	store_summary_fini(&summary);
}

static void the_top_is_the_head_of_the_whole_list(void **state)
{
	const struct store_summary_options options = {0};
	const struct store_group *top[5];
	uint64_t messages[5];
	struct store_event_summary *totals = store_event_summary_open(&options);
	const struct store_groups *subjects = &store_event_summary_so_far(totals)->subjects;
	assert_int_equal(store_groups_top(subjects, top, 5), 0);
	add_all(totals, *state);
	assert_int_equal(store_groups_top(subjects, top, 0), 0);
	assert_int_equal(store_groups_top(subjects, top, 5), 5);
	for (int i = 0; i < 5; i++)
		messages[i] = top[i]->messages;
	const struct store_summary *summary = store_event_summary_end(totals);
	assert_true(summary->subjects.len > 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(messages[i], summary->subjects.list[i].messages);
	store_event_summary_close(totals);
}

struct fixture {
	char log[300]; /* first: the tests' state */
	struct support_tempdir dir;
	struct log_builder builder;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "log", fixture->log, sizeof fixture->log);
	builder_open(&fixture->builder, fixture->log, 1);
	builder_fill(&fixture->builder, 3, 10, 300);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	builder_close(&fixture->builder);
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(totals_of_events_are_those_read_from_the_logs_columns),
	    cmocka_unit_test(the_top_is_the_head_of_the_whole_list),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
