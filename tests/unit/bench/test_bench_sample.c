#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/sample.h"

enum { MESSAGES = 500 };

struct fixture {
	struct bench_frames frames;
	struct bench_sample sample;
	char *stream; /* what a subscriber gets */
	size_t len;
};

/* The frames as MSG operations: "PUB bench.N 16" is "MSG bench.N 1 16". */
static void make_stream(struct fixture *fixture)
{
	FILE *out = open_memstream(&fixture->stream, &fixture->len);
	assert_non_null(out);
	for (size_t at = 0; at < fixture->frames.len;) {
		const char *frame = fixture->frames.bytes + at, *line = strstr(frame, "\r\n");
		const char *size = memrchr(frame, ' ', (size_t)(line - frame));
		fprintf(out, "MSG %.*s 1%.*s\r\n%.18s", (int)(size - frame - 4), frame + 4,
			(int)(line - size), size, line + 2);
		at += (size_t)(line + 2 + 18 - frame);
	}
	fclose(out);
}

static int setup(void **state)
{
	struct bench_shape shape;
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	assert_int_equal(bench_shape_parse(&shape, "1:1-16/64"), 0);
	assert_int_equal(bench_frames_init(&fixture->frames, &shape, 3, 0, MESSAGES), 0);
	assert_int_equal(bench_sample_init(&fixture->sample, &fixture->frames, 1), 0);
	make_stream(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	bench_sample_fini(&fixture->sample);
	bench_frames_fini(&fixture->frames);
	free(fixture->stream);
	free(fixture);
	return 0;
}

static void feed(struct fixture *fixture, size_t piece)
{
	for (size_t at = 0; at < fixture->len; at += piece)
		bench_sample_feed(&fixture->sample, fixture->stream + at,
				  at + piece < fixture->len ? piece : fixture->len - at);
	bench_sample_finish(&fixture->sample);
}

static void what_was_published_is_recognised_however_it_is_cut(void **state)
{
	struct fixture *fixture = *state;
	for (size_t piece = 1; piece < 200; piece++) {
		fixture->sample.checked = 0;
		feed(fixture, piece);
		if (fixture->sample.checked == 0 || fixture->sample.wrong > 0)
			fail_msg("pieces of %zu: %llu checked, %llu wrong", piece,
				 (unsigned long long)fixture->sample.checked,
				 (unsigned long long)fixture->sample.wrong);
	}
}

static void a_stream_of_one_piece_is_checked(void **state)
{
	struct fixture *fixture = *state;
	feed(fixture, fixture->len);
	assert_int_equal(fixture->sample.checked, 1);
}

static void a_changed_payload_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	char *payload = strstr(fixture->stream, "\r\n") + 2;
	for (char *at = payload; at < fixture->stream + fixture->len; at++)
		if (*at >= 'a' && *at <= 'y' && at > fixture->stream + 40)
			*at += 1;
	feed(fixture, 100);
	assert_true(fixture->sample.wrong > 0);
}

static void a_payload_under_another_subject_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	for (char *at = fixture->stream; (at = strstr(at, "MSG bench.")) != NULL; at += 10)
		at[4] = 'B';
	feed(fixture, 100);
	assert_true(fixture->sample.wrong > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_published_is_recognised_however_it_is_cut),
	    TEST(a_stream_of_one_piece_is_checked),
	    TEST(a_changed_payload_is_noticed),
	    TEST(a_payload_under_another_subject_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
