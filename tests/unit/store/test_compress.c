#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zstd.h>

#include "store/format/fields_get.h"
#include "store/format/fields_put.h"
#include "store/write/compress.h"

enum {
	RAW_BYTES = 1 << 20,
	FRAMES = 100,         /* more than lie between two trials */
	STEADY_FRAMES = 1500, /* after so many trials are rare */
	FEW_RECORDS = 200,
};

struct fixture {
	struct store__compressor *compressor;
	struct store__buffer out, scratch;
	char *raw, *back;
	unsigned char *cut;
	uint32_t lengths[RAW_BYTES / 50];
	uint32_t count;
	uint32_t form; /* of what was compressed last */
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
				    .cut = malloc(RAW_BYTES + 1000),
				    .random = 1};
	return fixture->compressor && fixture->raw && fixture->back && fixture->cut ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	store__compressor_close(fixture->compressor);
	store__buffer_fini(&fixture->out);
	store__buffer_fini(&fixture->scratch);
	free(fixture->raw);
	free(fixture->back);
	free(fixture->cut);
	free(fixture);
	return 0;
}

static uint64_t next_random(struct fixture *fixture)
{
	fixture->random = fixture->random * 6364136223846793005u + 1442695040888963407u;
	return fixture->random >> 16;
}

/* Messages of one form with different ids. */
static void fill_with_json(struct fixture *fixture)
{
	fixture->len = fixture->count = 0;
	while (fixture->len < RAW_BYTES) {
		int len = sprintf(fixture->raw + fixture->len,
				  "{\"id\":\"%012llx-%012llx\",\"type\":\"order.created\","
				  "\"tenant\":%llu,\"currency\":\"EUR\"}",
				  (unsigned long long)next_random(fixture),
				  (unsigned long long)next_random(fixture),
				  (unsigned long long)next_random(fixture) % 40);
		fixture->lengths[fixture->count++] = (uint32_t)len;
		fixture->len += (size_t)len;
	}
}

/* Bytes that repeat only after a long time. */
static void fill_with_far_repetition(struct fixture *fixture)
{
	enum { PERIOD = 128 * 1000 };
	for (fixture->len = 0; fixture->len < RAW_BYTES; fixture->len++) {
		char *at = fixture->raw + fixture->len;
		*at = fixture->len < PERIOD ? (char)next_random(fixture) : at[-PERIOD];
	}
	fixture->count = RAW_BYTES / 128;
	for (uint32_t i = 0; i < fixture->count; i++)
		fixture->lengths[i] = 128;
}

static size_t unpack(void *to, size_t len, const unsigned char *stored, size_t stored_bytes)
{
	if (stored_bytes == len)
		memcpy(to, stored, len);
	return stored_bytes == len ? len : ZSTD_decompress(to, RAW_BYTES + 1000, stored, stored_bytes);
}

static void assert_comes_back(struct fixture *fixture, const unsigned char *stored,
			      const struct store_block_header *header)
{
	const struct store_frame_header *frame = &header->frames[STORE_FRAME_PAYLOADS];
	size_t cut_bytes = fixture->len;
	fixture->form = header->payload_form;
	assert_int_equal(frame->raw_bytes, fixture->len);
	if (header->payload_form == STORE_PAYLOADS_PLAIN) {
		assert_int_equal(unpack(fixture->back, fixture->len, stored, frame->stored_bytes),
				 fixture->len);
	} else {
		cut_bytes = store__get_u32(stored);
		assert_true(cut_bytes < fixture->len);
		assert_int_equal(unpack(fixture->cut, cut_bytes, stored + STORE_FIELDS_HEADER_BYTES,
					frame->stored_bytes - STORE_FIELDS_HEADER_BYTES),
				 cut_bytes);
		assert_int_equal(store__fields_get(&fixture->scratch, fixture->cut, cut_bytes,
						   (unsigned char *)fixture->back, fixture->len),
				 0);
	}
	assert_memory_equal(fixture->back, fixture->raw, fixture->len);
}

/* Compress the fixture's bytes and check that they come back. Returns the stored size. */
static size_t compress(struct fixture *fixture)
{
	struct store_block_header header = {.events = 1};
	struct store_frame_header *frame = &header.frames[STORE_FRAME_PAYLOADS];
	fixture->out.len = 3;
	assert_int_equal(store__compress(fixture->compressor, (const unsigned char *)fixture->raw,
					 fixture->len, &fixture->out, frame),
			 0);
	assert_int_equal(fixture->out.len, 3 + frame->stored_bytes);
	assert_comes_back(fixture, fixture->out.bytes + 3, &header);
	return frame->stored_bytes;
}

/* Likewise for the fixture's records. */
static size_t compress_records(struct fixture *fixture)
{
	struct store_block_header header = {.events = 1};
	struct store__records records = {.bytes = (const unsigned char *)fixture->raw,
					 .len = fixture->len,
					 .lengths = fixture->lengths,
					 .count = fixture->count};
	fixture->out.len = 3;
	assert_int_equal(store__compress_records(fixture->compressor, &records, &fixture->out, &header), 0);
	assert_int_equal(fixture->out.len, 3 + header.frames[STORE_FRAME_PAYLOADS].stored_bytes);
	assert_comes_back(fixture, fixture->out.bytes + 3, &header);
	return header.frames[STORE_FRAME_PAYLOADS].stored_bytes;
}

static void every_level_comes_back(void **state)
{
	struct fixture *fixture = *state;
	fill_with_json(fixture);
	for (int level = -7; level <= 6; level++) {
		store__compressor_set_level(fixture->compressor, level);
		size_t as_records = compress_records(fixture);
		assert_true(as_records < fixture->len / 2);
		assert_true(compress(fixture) < fixture->len / 2);
	}
}

static void json_is_cut_into_fields(void **state)
{
	struct fixture *fixture = *state;
	fill_with_json(fixture);
	store__compressor_set_level(fixture->compressor, 1);
	compress_records(fixture);
	assert_int_equal(fixture->form, STORE_PAYLOADS_FIELDS);
	/* A few records have nothing in common that is worth a template; many have. */
	fixture->len = fixture->lengths[0];
	fixture->count = 1;
	compress_records(fixture);
	assert_int_equal(fixture->form, STORE_PAYLOADS_PLAIN);
	fill_with_json(fixture);
	compress_records(fixture);
	assert_int_equal(fixture->form, STORE_PAYLOADS_FIELDS);
}

static void json_with_ids_is_smaller_as_records(void **state)
{
	struct fixture *fixture = *state;
	fill_with_json(fixture);
	store__compressor_set_level(fixture->compressor, 3);
	assert_true(compress_records(fixture) < compress(fixture));
}

/* The best way is determined again when the traffic changes. */
static void distant_repetition_is_found_whatever_the_traffic_was_before(void **state)
{
	struct fixture *fixture = *state;
	size_t stored = 0;
	store__compressor_set_level(fixture->compressor, 1);
	fill_with_json(fixture);
	for (int i = 0; i < FRAMES; i++)
		compress_records(fixture);
	fill_with_far_repetition(fixture);
	for (int i = 0; i < FRAMES; i++)
		stored = compress_records(fixture);
	assert_true(stored < fixture->len / 4);
}

static void fill_with_few_random(struct fixture *fixture)
{
	fixture->count = FEW_RECORDS;
	for (uint32_t i = 0; i < FEW_RECORDS; i++)
		fixture->lengths[i] = 100;
	fixture->len = (size_t)FEW_RECORDS * 100;
	for (size_t i = 0; i < fixture->len; i++)
		fixture->raw[i] = (char)next_random(fixture);
}

static void fill_with_few_json(struct fixture *fixture)
{
	fill_with_json(fixture);
	fixture->len = 0;
	fixture->count = FEW_RECORDS;
	for (uint32_t i = 0; i < FEW_RECORDS; i++)
		fixture->len += fixture->lengths[i];
}

static void a_change_of_traffic_is_noticed_soon_however_steady_it_was(void **state)
{
	struct fixture *fixture = *state;
	int frames = 0;
	store__compressor_set_level(fixture->compressor, 1);
	fill_with_few_random(fixture);
	for (int i = 0; i < STEADY_FRAMES; i++)
		compress_records(fixture);
	assert_int_equal(fixture->form, STORE_PAYLOADS_PLAIN);
	fill_with_few_json(fixture);
	for (; fixture->form != STORE_PAYLOADS_FIELDS && frames < STEADY_FRAMES; frames++)
		compress_records(fixture);
	assert_in_range(frames, 1, FRAMES);
}

static void incompressible_frames_are_stored_as_they_are(void **state)
{
	struct fixture *fixture = *state;
	fixture->len = 5000;
	fixture->count = 1;
	fixture->lengths[0] = 5000;
	for (size_t i = 0; i < fixture->len; i++)
		fixture->raw[i] = (char)next_random(fixture);
	assert_int_equal(compress_records(fixture), fixture->len);
	assert_int_equal(compress(fixture), fixture->len);
	fixture->len = fixture->lengths[0] = 0;
	assert_int_equal(compress_records(fixture), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_level_comes_back),
	    TEST(json_is_cut_into_fields),
	    TEST(json_with_ids_is_smaller_as_records),
	    TEST(distant_repetition_is_found_whatever_the_traffic_was_before),
	    TEST(a_change_of_traffic_is_noticed_soon_however_steady_it_was),
	    TEST(incompressible_frames_are_stored_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
