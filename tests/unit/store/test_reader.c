/* Reading undamaged logs, with and without filters. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/builder_fixture.h"

static const struct store_reader_options everything = {.payloads = true};

/* ---- whole logs ---- */

/* Without a filter, all but repeated connect events. */
static size_t count_fresh(const struct log_builder *builder)
{
	size_t fresh = 0;
	for (size_t i = 0; i < builder->count; i++)
		fresh += !(builder->events[i].flags & WIRE_EVENT_REPEATED);
	return fresh;
}

static void events_come_as_they_were_added(void **state)
{
	struct builder_fixture *fixture = *state;
	struct reading reading;
	builder_fill(&fixture->builder, 3, 10, 300);
	builder_read(&fixture->builder, fixture->log, &everything, &reading);
	assert_int_equal(reading.count, count_fresh(&fixture->builder));
	for (size_t i = 1; i < reading.count; i++)
		assert_true(reading.items[i].seq > reading.items[i - 1].seq);
	assert_int_equal(reading.damaged_blocks, 0);
	reading_fini(&reading);
}

static void one_segment_is_read_alone(void **state)
{
	struct builder_fixture *fixture = *state;
	struct reading reading;
	builder_fill(&fixture->builder, 3, 5, 100);
	builder_read(&fixture->builder, fixture->builder.segments[1], &everything, &reading);
	assert_true(reading.count > 0);
	for (size_t i = 0; i < reading.count; i++)
		assert_true(reading.items[i].to_seq == 0);
	reading_fini(&reading);
}

static void an_empty_log_has_no_events(void **state)
{
	struct builder_fixture *fixture = *state;
	struct reading reading;
	builder_read(&fixture->builder, fixture->log, &everything, &reading);
	assert_int_equal(reading.count, 0);
	reading_fini(&reading);
}

static void a_missing_log_and_a_foreign_file_are_errors(void **state)
{
	struct builder_fixture *fixture = *state;
	struct store_reader *reader;
	struct wire_fault fault;
	struct wire_event event;
	char path[400];
	support_tempdir_path(&fixture->dir, "none", path, sizeof path);
	assert_int_equal(store_reader_open(&reader, path, &everything, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, path));
	support_tempdir_path(&fixture->dir, "foreign", path, sizeof path);
	support_write_file(path, "not a log", 9);
	assert_int_equal(store_reader_open(&reader, path, &everything, &fault), 0);
	assert_int_equal(store_reader_next(reader, &event, &fault), STORE_EFORMAT);
	assert_non_null(strstr(fault.text, path));
	store_reader_close(reader);
}

/* ---- filters ---- */

/* A source that only describes connections. */
struct describing {
	struct wire_source source;
	const struct log_builder *builder;
};

static const struct wire_client *describe(struct wire_source *source, uint64_t conn)
{
	const struct describing *describing = (const struct describing *)source;
	return builder_client(describing->builder, conn);
}

static bool passes(const struct log_builder *builder, const struct store_filter *filter,
		   const struct wire_event *event)
{
	struct describing describing = {.source = {.client = describe}, .builder = builder};
	struct wire_event plain = *event;
	if (plain.kind != WIRE_EVENT_CONNECT)
		plain.client = NULL;
	return store_filter_event(filter, &plain, &describing.source);
}

static void assert_filtered(const struct log_builder *builder, const struct reading *reading,
			    const struct store_filter *filter, bool reverse)
{
	size_t at = 0;
	for (size_t i = 0; i < builder->count; i++) {
		const struct wire_event *event = &builder->events[reverse ? builder->count - 1 - i : i];
		if (!passes(builder, filter, event))
			continue;
		if (at >= reading->count || reading->items[at].seq != event->seq)
			fail_msg("item %zu of %zu is %lu, wanted %lu", at, reading->count,
				 at < reading->count ? (unsigned long)reading->items[at].seq : 0,
				 (unsigned long)event->seq);
		at++;
	}
	assert_int_equal(at, reading->count);
}

static void a_filtered_log_has_exactly_the_events_that_the_filter_passes(void **state)
{
	struct builder_fixture *fixture = *state;
	struct random random = {.state = 5};
	builder_fill(&fixture->builder, 3, 15, 200);
	for (int i = 0; i < 150; i++) {
		struct store_filter *filter = builder_random_filter(&fixture->builder, &random);
		const struct store_reader_options options = {.filter = filter,
							     .reverse = i % 2,
							     .in_time_order = i % 5 < 2,
							     .payloads = i % 3 != 0 ||
									 store_filter_needs_payloads(filter)};
		struct reading reading;
		builder_read(&fixture->builder, fixture->log, &options, &reading);
		assert_filtered(&fixture->builder, &reading, filter, options.reverse);
		reading_fini(&reading);
		store_filter_close(filter);
	}
}

static void the_client_of_an_event_is_known_though_its_connect_is_filtered_out(void **state)
{
	struct builder_fixture *fixture = *state;
	struct store_reader *reader;
	struct wire_event event;
	struct wire_fault fault;
	struct store_filter *filter = store_filter_open();
	builder_fill(&fixture->builder, 2, 6, 200);
	assert_int_equal(store_filter_kinds(filter, "message", &fault), 0);
	for (int reverse = 0; reverse < 2; reverse++) {
		const struct store_reader_options options = {
		    .filter = filter, .reverse = reverse, .in_time_order = true};
		assert_int_equal(store_reader_open(&reader, fixture->log, &options, &fault), 0);
		while (store_reader_next(reader, &event, &fault) == 1) {
			const struct wire_client *client = store_reader_client(reader, event.conn);
			assert_non_null(client);
			assert_true(wire_slice_equal(client->address,
						     builder_client(&fixture->builder, event.conn)->address));
		}
		assert_null(store_reader_client(reader, 12345678));
		store_reader_close(reader);
	}
	store_filter_close(filter);
}

/* ---- frames and blocks that are not read ---- */

static void payload_frames_are_not_read_unless_payloads_are_wanted(void **state)
{
	struct builder_fixture *fixture = *state;
	struct reading reading;
	builder_fill(&fixture->builder, 1, 5, 100);
	builder_damage_frame(&fixture->builder, 2, STORE_FRAME_PAYLOADS);
	builder_read(&fixture->builder, fixture->log, &(struct store_reader_options){0}, &reading);
	assert_int_equal(reading.count, count_fresh(&fixture->builder));
	reading_fini(&reading);
	builder_read(&fixture->builder, fixture->log, &everything, &reading);
	assert_int_equal(reading.damaged_blocks, 1);
	assert_int_equal(reading.damaged_events, fixture->builder.blocks[2].header.events);
	reading_fini(&reading);
}

/* Every third event is asked for, so that the frame is loaded in the middle of a block. */
static void content_is_read_when_it_is_asked_for(void **state)
{
	struct builder_fixture *fixture = *state;
	struct store_reader *reader;
	struct wire_event event;
	size_t asked = 0;
	builder_fill(&fixture->builder, 1, 5, 100);
	assert_int_equal(store_reader_open(&reader, fixture->log, &(struct store_reader_options){0}, NULL),
			 0);
	while (store_reader_next(reader, &event, NULL) > 0) {
		if (event.kind != WIRE_EVENT_MESSAGE || event.seq % 3 != 0)
			continue;
		assert_int_equal(store_reader_content(reader, &event), 0);
		struct wire_event want = *builder_event(&fixture->builder, event.seq);
		want.client = NULL;
		assert_event(&event, &want, event.seq);
		asked++;
	}
	assert_true(asked > 10);
	store_reader_close(reader);
}

static void damaged_content_leaves_the_event_as_it_was(void **state)
{
	struct builder_fixture *fixture = *state;
	struct store_reader *reader;
	struct wire_event event;
	builder_fill(&fixture->builder, 1, 1, 100);
	builder_damage_frame(&fixture->builder, 0, STORE_FRAME_PAYLOADS);
	assert_int_equal(store_reader_open(&reader, fixture->log, &(struct store_reader_options){0}, NULL),
			 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_reader_next(reader, &event, NULL), 1);
		assert_int_equal(store_reader_content(reader, &event), STORE_EDAMAGE);
		assert_null(event.payload.data);
	}
	while (store_reader_next(reader, &event, NULL) > 0)
		;
	store_reader_close(reader);
}

static void blocks_that_cannot_match_are_not_read(void **state)
{
	struct builder_fixture *fixture = *state;
	struct log_builder *builder = &fixture->builder;
	struct store_filter *filter = store_filter_open();
	struct wire_fault fault;
	struct reading reading;
	builder_fill(builder, 1, 5, 100);
	builder_damage_frame(builder, 0, STORE_FRAME_DICTIONARY); /* too early */
	builder_damage_frame(builder, 3, STORE_FRAME_COLUMNS);    /* no such subject, no gap */
	assert_int_equal(store_filter_subject(filter, "none.at.all", &fault), 0);
	store_filter_since(filter, builder->blocks[0].header.max_time_ns + 1);
	builder_read(builder, fixture->log, &(struct store_reader_options){.filter = filter}, &reading);
	bool has_gap = builder->blocks[3].header.kinds & 1u << WIRE_EVENT_GAP;
	assert_int_equal(reading.damaged_blocks, has_gap ? 1 : 0);
	reading_fini(&reading);
	store_filter_close(filter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, builder_fixture_setup, builder_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(events_come_as_they_were_added),
	    TEST(one_segment_is_read_alone),
	    TEST(an_empty_log_has_no_events),
	    TEST(a_missing_log_and_a_foreign_file_are_errors),
	    TEST(a_filtered_log_has_exactly_the_events_that_the_filter_passes),
	    TEST(the_client_of_an_event_is_known_though_its_connect_is_filtered_out),
	    TEST(payload_frames_are_not_read_unless_payloads_are_wanted),
	    TEST(content_is_read_when_it_is_asked_for),
	    TEST(damaged_content_leaves_the_event_as_it_was),
	    TEST(blocks_that_cannot_match_are_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
