/* Lanes whose slices nest, and the wire format of protobuf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/perfetto/counters.h"
#include "export/perfetto/fields.h"
#include "export/perfetto/lanes.h"
#include "export/perfetto/perfetto.h"
#include "export/perfetto/proto.h"
#include "tests/unit/trace/event_fixture.h"

/* ---- lanes ---- */

enum { SLICES = 3000, DEPTH_MAX = 64 };

struct edge {
	int64_t ns;
	int order; /* in the file */
	int slice;
	bool is_begin;
};

static int compare(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->ns != y->ns ? (x->ns > y->ns ? 1 : -1) : x->order - y->order;
}

/* Read a lane as Perfetto does: an end closes what began last. Every slice must end at its own end. */
static void check_lane(struct edge *edges, size_t len, const int64_t *ends)
{
	int stack[DEPTH_MAX], depth = 0;

	qsort(edges, len, sizeof(*edges), compare);
	for (size_t i = 0; i < len; i++) {
		if (edges[i].is_begin) {
			assert_in_range(depth, 0, DEPTH_MAX - 1);
			stack[depth++] = edges[i].slice;
			continue;
		}
		assert_true(depth > 0);
		assert_int_equal(ends[stack[--depth]], edges[i].ns);
	}
	assert_int_equal(depth, 0);
}

static void slices_of_a_lane_nest_however_they_overlap(void **state)
{
	static struct edge edges[EXPORT__LANES_MAX][2 * SLICES];
	static int64_t ends[SLICES];
	size_t lens[EXPORT__LANES_MAX] = {0};
	struct export__lanes lanes = {0};
	uint64_t random = 7;

	(void)state;
	for (int i = 0; i < SLICES; i++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
		/* Times of a coarse clock, so that many are equal; slices are written about when they end. */
		const int64_t end = i / 8 + (int64_t)(random >> 60),
			      start = end - 1 - (int64_t)(random >> 50 & 15);
		const uint32_t lane = export__lanes_find(&lanes, start, end, EXPORT__LANES_MAX);

		assert_in_range(lane, 0, EXPORT__LANES_MAX - 1);
		ends[i] = end;
		edges[lane][lens[lane]++] = (struct edge){start, 2 * i, i, true};
		edges[lane][lens[lane]++] = (struct edge){end, 2 * i + 1, i, false};
	}
	assert_true(lanes.len > 1);
	for (uint32_t lane = 0; lane < lanes.len; lane++)
		check_lane(edges[lane], lens[lane], ends);
	export__lanes_fini(&lanes);
}

static void slices_that_follow_each_other_share_a_lane_and_lanes_are_bounded(void **state)
{
	struct export__lanes lanes = {0};

	(void)state;
	for (int64_t ns = 0; ns < 100; ns++)
		assert_int_equal(export__lanes_find(&lanes, ns, ns + 1, EXPORT__LANES_MAX), 0);
	assert_int_equal(export__lanes_find(&lanes, 100, 200, EXPORT__LANES_MAX), 0);
	assert_int_equal(export__lanes_find(&lanes, 150, 250, EXPORT__LANES_MAX), 1);
	assert_int_equal(export__lanes_find(&lanes, 160, 260, 2), EXPORT__LANES_MAX);
	assert_int_equal(export__lanes_find(&lanes, 160, 240, 2), 1);
	export__lanes_fini(&lanes);
}

/* ---- protobuf ---- */

static void check(struct export_buffer *buffer, const char *expected, size_t len)
{
	assert_int_equal(buffer->len, len);
	assert_memory_equal(buffer->data, expected, len);
	buffer->len = 0;
}

#define CHECK(buffer, expected) check(buffer, expected, sizeof(expected) - 1)

static void fields_have_the_bytes_of_the_specification(void **state)
{
	struct export_buffer buffer = {0};

	(void)state;
	export__proto_number(&buffer, 1, 150);
	CHECK(&buffer, "\x08\x96\x01");
	export__proto_number(&buffer, 60, UINT64_MAX);
	CHECK(&buffer, "\xe0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	export__proto_fixed64(&buffer, 47, UINT64_C(0x0102030405060708));
	CHECK(&buffer, "\xf9\x02\x08\x07\x06\x05\x04\x03\x02\x01");
	export__proto_bytes(&buffer, 2, WIRE_LITERAL("testing"));
	CHECK(&buffer, "\x12\x07testing");
	const size_t begin = export__proto_begin(&buffer, 3);

	export__proto_number(&buffer, 1, 150);
	export__proto_end(&buffer, begin);
	CHECK(&buffer, "\x1a\x83\x80\x80\x00\x08\x96\x01");
	export_buffer_fini(&buffer);
}

static void text_is_valid_utf8_without_controls(void **state)
{
	struct export_buffer buffer = {0};

	(void)state;
	export__proto_text(&buffer, 1, WIRE_LITERAL("a\xff\xe2\x80\xae\r\nb\xc3"), 100);
	CHECK(&buffer, "\x0a\x8c\x80\x80\x00"
		       "a\xef\xbf\xbd\xef\xbf\xbd\nb\xef\xbf\xbd");
	export__proto_text(&buffer, 1, WIRE_LITERAL("abcdef"), 3);
	CHECK(&buffer, "\x0a\x03"
		       "abc");
	export__proto_text(&buffer, 1, WIRE_LITERAL("ab\xc3\xa4"), 3); /* never a part of a character */
	CHECK(&buffer, "\x0a\x84\x80\x80\x00"
		       "ab\xc3\xa4");
	export_buffer_fini(&buffer);
}

/* ---- times ---- */

/* A value of a counter was written. */
static bool has_value(struct wire_slice trace, uint64_t value)
{
	struct export_buffer field = {0};

	export__proto_number(&field, EVENT_COUNTER_VALUE, value);
	const bool has = memmem(trace.data, trace.len, field.data, field.len) != NULL;

	export_buffer_fini(&field);
	return has;
}

static void counters_go_on_when_the_clock_is_set_back(void **state)
{
	struct export_out out;
	struct export__packets packets = {.out = &out};
	struct export__counters counters = {0};

	(void)state;
	assert_int_equal(export_out_init_memory(&out, 1 << 20), 0);
	export__counters_add(&counters, &packets, 3600 * 1000 * MS, 1);
	for (int64_t i = 0; i < 20; i++)
		export__counters_add(&counters, &packets, i * 100 * MS, 7);
	export__counters_end(&counters, &packets);
	assert_true(has_value(export_out_kept(&out), 70));
	assert_false(has_value(export_out_kept(&out), 20 * 70));
	export__packets_fini(&packets);
	export_out_fini(&out);
}

static void times_may_be_anything(void **state)
{
	const int64_t times[] = {0, INT64_MAX, -1, INT64_MIN, 1, INT64_MAX - 1, 5 * MS, INT64_MAX};
	struct event_source source;
	struct export_writer *writer;
	struct export_out out;
	struct wire_fault fault;

	(void)state;
	event_source_init(&source);
	assert_int_equal(export_out_init_memory(&out, 1 << 20), 0);
	assert_int_equal(export_perfetto_open(&writer, &out, &fault), 0);
	const struct export_input input = {.source = &source.source, .is_chosen = true};

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		const struct wire_event request = event_message(&source, times[i], 1, "a", "_INBOX.a");
		struct wire_event reply = event_message(
		    &source, times[sizeof(times) / sizeof(*times) - 1 - i], 2, "_INBOX.a", NULL);

		event_deliver(&reply, 1, NULL, INT64_MAX);
		assert_int_equal(writer->put(writer, &request, &input, &fault), 0);
		assert_int_equal(writer->put(writer, &reply, &input, &fault), 0);
	}
	assert_int_equal(writer->end(writer, &fault), 0);
	assert_true(export_out_kept(&out).len > 0);
	writer->close(writer);
	export_out_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slices_of_a_lane_nest_however_they_overlap),
	    cmocka_unit_test(slices_that_follow_each_other_share_a_lane_and_lanes_are_bounded),
	    cmocka_unit_test(fields_have_the_bytes_of_the_specification),
	    cmocka_unit_test(text_is_valid_utf8_without_controls),
	    cmocka_unit_test(counters_go_on_when_the_clock_is_set_back),
	    cmocka_unit_test(times_may_be_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
