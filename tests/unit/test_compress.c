#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zstd.h>

#include "store/compress.h"

enum { RAW_BYTES = 1 << 20, FRAMES = 40 };

struct fixture {
	struct store__compressor *compressor;
	struct store__buffer out;
	char *raw, *back;
	size_t len;
	uint64_t random;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	*fixture = (struct fixture){.compressor = store__compressor_open(),
				    .raw = malloc(RAW_BYTES + 1000),
				    .back = malloc(RAW_BYTES + 1000),
				    .random = 1};
	return fixture->compressor && fixture->raw && fixture->back ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	store__compressor_close(fixture->compressor);
	store__buffer_fini(&fixture->out);
	free(fixture->raw);
	free(fixture->back);
	free(fixture);
	return 0;
}

static uint64_t next_random(struct fixture *fixture)
{
	fixture->random = fixture->random * 6364136223846793005u + 1442695040888963407u;
	return fixture->random >> 16;
}

/* Messages that have their form in common, and ids that they have not. */
static void fill_with_json(struct fixture *fixture)
{
	fixture->len = 0;
	while (fixture->len < RAW_BYTES)
		fixture->len += (size_t)sprintf(fixture->raw + fixture->len,
						"{\"id\":\"%012llx-%012llx\",\"type\":\"order.created\","
						"\"tenant\":%llu,\"currency\":\"EUR\"}",
						(unsigned long long)next_random(fixture),
						(unsigned long long)next_random(fixture),
						(unsigned long long)next_random(fixture) % 40);
}

/* Bytes that repeat only after a long time. */
static void fill_with_far_repetition(struct fixture *fixture)
{
	enum { PERIOD = 128 * 1000 };
	for (fixture->len = 0; fixture->len < RAW_BYTES; fixture->len++) {
		char *at = fixture->raw + fixture->len;
		*at = fixture->len < PERIOD ? (char)next_random(fixture) : at[-PERIOD];
	}
}

/* Compress what is there and give the stored size, after looking whether it comes back. */
static size_t compress(struct fixture *fixture, size_t record_bytes)
{
	struct store_frame_header frame;
	fixture->out.len = 3;
	assert_int_equal(store__compress(fixture->compressor, (const unsigned char *)fixture->raw,
					 fixture->len, record_bytes, &fixture->out, &frame),
			 0);
	const unsigned char *stored = fixture->out.bytes + 3;
	assert_int_equal(fixture->out.len, 3 + frame.stored_bytes);
	assert_int_equal(frame.raw_bytes, fixture->len);
	if (frame.stored_bytes == frame.raw_bytes)
		memcpy(fixture->back, stored, frame.stored_bytes);
	else
		assert_int_equal(ZSTD_decompress(fixture->back, RAW_BYTES + 1000, stored, frame.stored_bytes),
				 fixture->len);
	assert_memory_equal(fixture->back, fixture->raw, fixture->len);
	return frame.stored_bytes;
}

static void every_level_comes_back(void **state)
{
	struct fixture *fixture = *state;
	fill_with_json(fixture);
	for (int level = -7; level <= 6; level++) {
		store__compressor_set_level(fixture->compressor, level);
		size_t as_records = compress(fixture, 100);
		assert_true(as_records < fixture->len / 2);
		assert_true(compress(fixture, 0) < fixture->len / 2);
	}
}

static void json_with_ids_is_smaller_as_records(void **state)
{
	struct fixture *fixture = *state;
	fill_with_json(fixture);
	store__compressor_set_level(fixture->compressor, 3);
	assert_true(compress(fixture, 100) < compress(fixture, 0));
}

/* What is best is found out again when the traffic changes. */
static void far_repetition_is_found_however_the_traffic_was_before(void **state)
{
	struct fixture *fixture = *state;
	size_t stored = 0;
	store__compressor_set_level(fixture->compressor, 1);
	fill_with_json(fixture);
	for (int i = 0; i < FRAMES; i++)
		compress(fixture, 100);
	fill_with_far_repetition(fixture);
	for (int i = 0; i < FRAMES; i++)
		stored = compress(fixture, 128);
	assert_true(stored < fixture->len / 4);
}

static void what_does_not_get_smaller_is_stored_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	fixture->len = 5000;
	for (size_t i = 0; i < fixture->len; i++)
		fixture->raw[i] = (char)next_random(fixture);
	assert_int_equal(compress(fixture, 100), fixture->len);
	assert_int_equal(compress(fixture, 0), fixture->len);
	fixture->len = 0;
	assert_int_equal(compress(fixture, 100), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_level_comes_back),
	    TEST(json_with_ids_is_smaller_as_records),
	    TEST(far_repetition_is_found_however_the_traffic_was_before),
	    TEST(what_does_not_get_smaller_is_stored_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
