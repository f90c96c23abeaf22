/* Headers of files and blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/format/format.h"

static struct store_file_header some_file_header(void)
{
	return (struct store_file_header){.major = STORE_VERSION_MAJOR,
					  .minor = STORE_VERSION_MINOR,
					  .log_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
					  .first_seq = 0x1122334455667788,
					  .created_ns = -2,
					  .next_conn = UINT64_MAX,
					  .written_by = "broker",
					  .packed_level = 19};
}

static struct store_block_header some_block_header(void)
{
	return (struct store_block_header){.first_seq = 77,
					   .events = 3,
					   .messages = 2,
					   .min_time_ns = INT64_MIN,
					   .max_time_ns = INT64_MAX,
					   .kinds = 5,
					   .payload_form = STORE_PAYLOADS_FIELDS,
					   .payload_bytes = 1000,
					   .deliveries = 4,
					   .max_conn = UINT64_MAX,
					   .log_id = {16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
					   .frames = {{.stored_bytes = 10, .raw_bytes = 20, .checksum = 1},
						      {.stored_bytes = 30, .raw_bytes = 30, .checksum = 2},
						      {.stored_bytes = 0, .raw_bytes = 0, .checksum = 3}}};
}

static void a_file_header_comes_back(void **state)
{
	(void)state;
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	struct store_file_header want = some_file_header(), got;
	store_file_header_put(bytes, &want);
	assert_int_equal(store_file_header_get(&got, bytes), 0);
	assert_int_equal(got.major, want.major);
	assert_int_equal(got.minor, want.minor);
	assert_memory_equal(got.log_id, want.log_id, sizeof got.log_id);
	assert_int_equal(got.first_seq, want.first_seq);
	assert_int_equal(got.created_ns, want.created_ns);
	assert_int_equal(got.next_conn, want.next_conn);
	assert_string_equal(got.written_by, "broker");
	assert_int_equal(got.packed_level, 19);
}

static void a_block_header_comes_back(void **state)
{
	(void)state;
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	struct store_block_header want = some_block_header(), got;
	store_block_header_put(bytes, &want);
	assert_int_equal(store_block_header_get(&got, bytes), 0);
	assert_int_equal(got.first_seq, want.first_seq);
	assert_int_equal(got.events, want.events);
	assert_int_equal(got.messages, want.messages);
	assert_int_equal(got.min_time_ns, want.min_time_ns);
	assert_int_equal(got.max_time_ns, want.max_time_ns);
	assert_int_equal(got.kinds, want.kinds);
	assert_int_equal(got.payload_form, want.payload_form);
	assert_int_equal(got.payload_bytes, want.payload_bytes);
	assert_int_equal(got.deliveries, want.deliveries);
	assert_int_equal(got.max_conn, want.max_conn);
	assert_memory_equal(got.log_id, want.log_id, sizeof got.log_id);
	assert_memory_equal(got.frames, want.frames, sizeof got.frames);
	assert_int_equal(store_block_body_bytes(&got), 40);
	assert_int_equal(store_block_bytes(&got), STORE_BLOCK_HEADER_BYTES + 40);
}

/* The bytes of docs/format.md, written down by hand: a change here is a new version of the format. */
static void numbers_are_at_the_offsets_of_the_format(void **state)
{
	(void)state;
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	struct store_file_header file = some_file_header();
	store_file_header_put(bytes, &file);
	assert_memory_equal(bytes, "TAPEDECK\2\0\2\0\200\0\0\0\1\2\3", 19);
	assert_memory_equal(bytes + 32, "\x88\x77\x66\x55\x44\x33\x22\x11\xfe\xff", 10);
	assert_memory_equal(bytes + 48,
			    "\xff\xff\xff\xff\xff\xff\xff\xff"
			    "broker\0",
			    15);
	assert_memory_equal(bytes + 72, "\23\0", 2);
	struct store_block_header block = some_block_header();
	store_block_header_put(bytes, &block);
	assert_memory_equal(bytes, "TDBLOCK\n\x4d\0\0\0\0\0\0\0\3\0\0\0\2\0\0\0", 24);
	assert_memory_equal(bytes + 24, "\0\0\0\0\0\0\0\x80\xff\xff\xff\xff\xff\xff\xff\x7f\5\0\0\0\1\0\0\0",
			    24);
	assert_memory_equal(bytes + 48, "\xe8\3\0\0\0\0\0\0\4", 9);
	assert_memory_equal(bytes + 120, block.log_id, sizeof block.log_id);
	assert_memory_equal(bytes + 72, "\12\0\0\0\24\0\0\0\1\0\0\0\0\0\0\0\36\0\0\0\36", 21);
}

static void a_flipped_bit_of_a_header_is_detected(void **state)
{
	(void)state;
	unsigned char file[STORE_FILE_HEADER_BYTES], block[STORE_BLOCK_HEADER_BYTES];
	struct store_file_header file_header = some_file_header();
	struct store_block_header block_header = some_block_header();
	store_file_header_put(file, &file_header);
	store_block_header_put(block, &block_header);
	for (unsigned bit = 0; bit < 8 * sizeof file; bit++) {
		file[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(store_file_header_get(&file_header, file),
				 bit < 64 ? STORE_EFORMAT : STORE_EDAMAGE);
		file[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (unsigned bit = 0; bit < 8 * sizeof block; bit++) {
		block[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(store_block_header_get(&block_header, block),
				 bit < 64 ? STORE_EFORMAT : STORE_EDAMAGE);
		block[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void a_newer_major_version_is_refused_and_a_newer_minor_read(void **state)
{
	(void)state;
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	struct store_file_header header = some_file_header(), got = {.first_seq = 5};
	header.minor = UINT16_MAX;
	store_file_header_put(bytes, &header);
	assert_int_equal(store_file_header_get(&got, bytes), 0);
	assert_int_equal(got.minor, UINT16_MAX);
	got.first_seq = 5;
	header.major = STORE_VERSION_MAJOR_MAX + 1;
	store_file_header_put(bytes, &header);
	assert_int_equal(store_file_header_get(&got, bytes), STORE_EVERSION);
	assert_int_equal(got.first_seq, 5);
}

static int put_and_get(struct store_block_header header)
{
	unsigned char bytes[STORE_BLOCK_HEADER_BYTES];
	store_block_header_put(bytes, &header);
	return store_block_header_get(&header, bytes);
}

static void counts_beyond_their_limits_are_damage(void **state)
{
	(void)state;
	struct store_block_header header = some_block_header();
	header.events = header.messages = STORE_BLOCK_EVENTS_MAX;
	assert_int_equal(put_and_get(header), 0);
	header.events = STORE_BLOCK_EVENTS_MAX + 1;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	header.events = 0;
	header.messages = 0;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	header.events = 1;
	header.messages = 1;
	assert_int_equal(put_and_get(header), 0);
	header.messages = 2;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	header.messages = 1;
	header.first_seq = 0;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	header.first_seq = UINT64_MAX - 1;
	assert_int_equal(put_and_get(header), 0);
	header.first_seq = UINT64_MAX;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
}

static void times_and_lengths_beyond_their_limits_are_damage(void **state)
{
	(void)state;
	struct store_block_header header = some_block_header();
	header.min_time_ns = header.max_time_ns = 5;
	assert_int_equal(put_and_get(header), 0);
	header.min_time_ns = 6;
	assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	for (int i = 0; i < STORE_FRAMES; i++) {
		header = some_block_header();
		header.frames[i].stored_bytes = header.frames[i].raw_bytes = STORE_FRAME_RAW_MAX;
		assert_int_equal(put_and_get(header), 0);
		header.frames[i].raw_bytes++;
		assert_int_equal(put_and_get(header), STORE_EDAMAGE);
		header.frames[i].raw_bytes = 10;
		header.frames[i].stored_bytes = 11;
		assert_int_equal(put_and_get(header), STORE_EDAMAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_header_comes_back),
	    cmocka_unit_test(a_block_header_comes_back),
	    cmocka_unit_test(numbers_are_at_the_offsets_of_the_format),
	    cmocka_unit_test(a_flipped_bit_of_a_header_is_detected),
	    cmocka_unit_test(a_newer_major_version_is_refused_and_a_newer_minor_read),
	    cmocka_unit_test(counts_beyond_their_limits_are_damage),
	    cmocka_unit_test(times_and_lengths_beyond_their_limits_are_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
