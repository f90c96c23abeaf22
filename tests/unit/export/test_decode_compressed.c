/* Compressed payloads: whole ones, damaged ones, and bombs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "export/decode/compressed.h"

typedef int decompress(struct wire_slice in, struct export_out *out, struct wire_fault *fault);

static const char text[] = "{\"order\":4711,\"order\":4711,\"order\":4711}";

struct packed {
	char *data; /* owned */
	size_t len;
};

static struct packed room(size_t len)
{
	const struct packed packed = {.data = malloc(len), .len = len};

	assert_non_null(packed.data);
	return packed;
}

/* window: 15 for zlib, 31 for gzip */
static struct packed deflated(const void *data, size_t len, int window)
{
	struct packed packed = room(len + 1000);
	z_stream stream = {0};

	assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (z_const Bytef *)data;
	stream.avail_in = (uInt)len;
	stream.next_out = (Bytef *)packed.data;
	stream.avail_out = (uInt)packed.len;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed.len = stream.total_out;
	deflateEnd(&stream);
	return packed;
}

static struct packed zstd_of(const void *data, size_t len)
{
	struct packed packed = room(ZSTD_compressBound(len));

	packed.len = ZSTD_compress(packed.data, packed.len, data, len, 3);
	assert_false(ZSTD_isError(packed.len));
	return packed;
}

static struct packed snappy_of(const void *data, size_t len)
{
	struct packed packed = room(snappy_max_compressed_length(len));

	assert_int_equal(snappy_compress(data, len, packed.data, &packed.len), SNAPPY_OK);
	return packed;
}

static void check(decompress *step, struct wire_slice in, const char *expected)
{
	struct wire_fault fault = {0};
	struct export_out out;

	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	if (step(in, &out, &fault) != 0)
		fail_msg("%s", fault.text);
	const struct wire_slice kept = export_out_kept(&out);
	assert_int_equal(out.error, 0);
	assert_int_equal(kept.len, strlen(expected));
	assert_memory_equal(kept.data, expected, kept.len);
	export_out_fini(&out);
}

static void check_refused(decompress *step, struct wire_slice in)
{
	struct wire_fault fault = {0};
	struct export_out out;

	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	if (step(in, &out, &fault) == 0)
		fail_msg("%zu bytes were taken for a whole", in.len);
	assert_true(fault.text[0] != '\0');
	export_out_fini(&out);
}

/* The whole is decompressed; no part of it, and nothing longer, is. */
static void check_all(decompress *step, struct packed packed)
{
	check(step, wire_slice(packed.data, packed.len), text);
	for (size_t len = 0; len < packed.len; len++) {
		char *exact = malloc(len ? len : 1);
		memcpy(exact, packed.data, len);
		check_refused(step, wire_slice(exact, len));
		free(exact);
	}
	char *longer = malloc(packed.len + 1);
	memcpy(longer, packed.data, packed.len);
	longer[packed.len] = '\x7f';
	check_refused(step, wire_slice(longer, packed.len + 1));
	free(longer);
	free(packed.data);
}

static void whole_payloads_are_decompressed_and_parts_are_refused(void **state)
{
	(void)state;
	check_all(export__gunzip, deflated(text, sizeof(text) - 1, 31));
	check_all(export__gunzip, deflated(text, sizeof(text) - 1, 15));
	check_all(export__unzstd, zstd_of(text, sizeof(text) - 1));
	check_all(export__unsnappy, snappy_of(text, sizeof(text) - 1));
}

static void parts_that_follow_one_another_are_one_text(void **state)
{
	struct packed one = deflated("one, ", 5, 31), two = deflated("two", 3, 31);
	char both[200];

	(void)state;
	memcpy(both, one.data, one.len);
	memcpy(both + one.len, two.data, two.len);
	check(export__gunzip, wire_slice(both, one.len + two.len), "one, two");
	free(one.data);
	free(two.data);
}

/* A payload that becomes as much as is allowed, and one that becomes a byte more. */
static void check_limit(decompress *step, struct packed (*pack)(const void *data, size_t len))
{
	for (size_t more = 0; more < 2; more++) {
		const size_t len = EXPORT_DECODE_BYTES_MAX + more;
		char *zeros = calloc(1, len);
		struct packed packed = pack(zeros, len);
		struct wire_fault fault = {0};
		struct export_out out;

		assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
		assert_int_equal(step(wire_slice(packed.data, packed.len), &out, &fault), 0);
		assert_int_equal(export_out_kept(&out).len, more ? 0 : len);
		assert_int_equal(out.error, more ? -EFBIG : 0);
		assert_true(out.kept.cap <= EXPORT_DECODE_BYTES_MAX);
		export_out_fini(&out);
		free(packed.data);
		free(zeros);
	}
}

static struct packed gzip_of(const void *data, size_t len)
{
	return deflated(data, len, 31);
}

static void bombs_are_stopped_at_16_mib(void **state)
{
	(void)state;
	check_limit(export__gunzip, gzip_of);
	check_limit(export__unzstd, zstd_of);
	check_limit(export__unsnappy, snappy_of);
}

/* A length that only the first bytes claim. */
static void a_claimed_length_costs_nothing(void **state)
{
	struct wire_fault fault = {0};
	struct export_out out;

	(void)state;
	assert_int_equal(export_out_init_memory(&out, EXPORT_DECODE_BYTES_MAX), 0);
	assert_int_not_equal(export__unsnappy(WIRE_LITERAL("\xff\xff\xff\xff\x0f\x00"), &out, &fault), 0);
	assert_null(out.kept.data);
	check_refused(export__unsnappy, WIRE_LITERAL("\xff\x06\x00\x00sNaPpY"));
	export_out_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_payloads_are_decompressed_and_parts_are_refused),
	    cmocka_unit_test(parts_that_follow_one_another_are_one_text),
	    cmocka_unit_test(bombs_are_stopped_at_16_mib),
	    cmocka_unit_test(a_claimed_length_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
