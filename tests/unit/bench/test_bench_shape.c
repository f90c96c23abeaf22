#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/frames.h"

static void every_name_of_the_list_is_a_shape(void **state)
{
	struct bench_shape shape;
	(void)state;
	for (const char *const *name = bench_shape_names; *name; name++)
		if (bench_shape_parse(&shape, *name) != 0)
			fail_msg("%s", *name);
}

static void a_name_says_the_shape(void **state)
{
	struct bench_shape shape;
	(void)state;
	assert_int_equal(bench_shape_parse(&shape, "4:3q-16k/64"), 0);
	assert_int_equal(shape.publishers, 4);
	assert_int_equal(shape.subscribers, 3);
	assert_true(shape.queue);
	assert_int_equal(bench_shape_receivers(&shape), 1);
	assert_int_equal(shape.payload_bytes, 16384);
	assert_int_equal(shape.subjects, 64);
	assert_int_equal(bench_shape_parse(&shape, "1:1-128+1000"), 0);
	assert_int_equal(shape.subjects, 1000);
	assert_int_equal(shape.subscriptions, 1000);
	assert_int_equal(bench_shape_parse(&shape, "1:64-json"), 0);
	assert_int_equal(shape.text, BENCH_JSON);
	assert_int_equal(bench_shape_receivers(&shape), 64);
}

/* Half of the payloads are small, and a hundredth of them holds more than a tenth of the bytes. */
static void mixed_sizes_have_a_heavy_tail(void **state)
{
	enum { COUNT = 100000 };
	uint64_t random = 1, total = 0, large = 0, small = 0;
	struct bench_shape shape;
	(void)state;
	assert_int_equal(bench_shape_parse(&shape, "10:10-mixed"), 0);
	assert_int_equal(shape.subjects, 200);
	for (int i = 0; i < COUNT; i++) {
		const size_t size = bench_payload_mixed_size(&random);
		assert_in_range(size, BENCH_JSON_LEAST, BENCH_MIXED_MAX);
		total += size;
		small += size < 256;
		large += size > 5000 ? size : 0;
	}
	assert_in_range(total / COUNT, BENCH_MIXED_TYPICAL * 8 / 10, BENCH_MIXED_TYPICAL * 12 / 10);
	assert_in_range(small, COUNT / 2, COUNT * 7 / 10);
	assert_true(large > total / 10);
}

static void what_says_no_shape_is_refused(void **state)
{
	static const char *const names[] = {
	    "",         "1",        "1:1",        "1:1-",      "0:1-16",     "1:-16",     "1:1-0",
	    "1:1-2m",   "1:1-16x",  "1:1-16/",    "1:1-16/0",  "1:1-16j",    "1001:1-16", "1:1-json/96",
	    "1:2-16+9", "1:1-16+0", "1:1-16/2+2", "1:1q-16+9", "1:1-json+9",
	};
	struct bench_shape shape;
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (bench_shape_parse(&shape, names[i]) == 0)
			fail_msg("\"%s\"", names[i]);
}

static void one_seed_gives_the_same_frames_and_another_gives_others(void **state)
{
	struct bench_shape shape;
	struct bench_frames a, b, other;
	(void)state;
	assert_int_equal(bench_shape_parse(&shape, "2:1-json"), 0);
	assert_int_equal(bench_frames_init(&a, &shape, 7, 0, 100), 0);
	assert_int_equal(bench_frames_init(&b, &shape, 7, 0, 100), 0);
	assert_int_equal(bench_frames_init(&other, &shape, 8, 0, 100), 0);
	assert_int_equal(a.count, 50);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	assert_true(other.len != a.len || memcmp(other.bytes, a.bytes, a.len) != 0);
	bench_frames_fini(&a);
	bench_frames_fini(&b);
	bench_frames_fini(&other);
}

/* The load generator counts servers' PINGs by it. */
static void no_payload_has_a_capital_p(void **state)
{
	static const char *const names[] = {"1:1-4k", "1:1-4kr", "1:1-4kj", "1:1-128j", "1:1-json"};
	struct bench_shape shape;
	struct bench_frames frames;
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t capitals = 0;
		assert_int_equal(bench_shape_parse(&shape, names[i]), 0);
		shape.replies = true;
		assert_int_equal(bench_frames_init(&frames, &shape, 1, 0, 2000), 0);
		for (size_t at = 0; at < frames.len; at++)
			capitals += frames.bytes[at] == 'P';
		assert_int_equal(capitals, frames.count); /* the one of PUB, which subscribers do not get */
		bench_frames_fini(&frames);
	}
}

static void json_events_have_the_size_that_was_asked_for(void **state)
{
	static const size_t sizes[] = {BENCH_JSON_LEAST, 200, BENCH_JSON_NATURAL, 641, 1024, 16384, 1 << 20};
	char *out = malloc(1 << 20);
	uint64_t random = 1;
	(void)state;
	assert_non_null(out);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (uint32_t type = 0; type < BENCH_JSON_SUBJECTS; type++) {
			assert_int_equal(bench_payload_json(out, sizes[i], type, 99, &random), sizes[i]);
			assert_int_equal(out[sizes[i] - 1], '}');
			assert_true(bench_payload_json(out, 0, type, 99, &random) <= BENCH_JSON_NATURAL);
		}
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_name_of_the_list_is_a_shape),
	    cmocka_unit_test(a_name_says_the_shape),
	    cmocka_unit_test(mixed_sizes_have_a_heavy_tail),
	    cmocka_unit_test(what_says_no_shape_is_refused),
	    cmocka_unit_test(one_seed_gives_the_same_frames_and_another_gives_others),
	    cmocka_unit_test(no_payload_has_a_capital_p),
	    cmocka_unit_test(json_events_have_the_size_that_was_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
