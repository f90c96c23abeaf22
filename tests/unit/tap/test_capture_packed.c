/* Captures packed with gzip or zstd, in files and on standard input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "tests/unit/tap/capture_fixture.h"

static size_t pack_gzip(const struct support_bytes *in, unsigned char *out, size_t cap)
{
	z_stream stream = {
	    .next_in = in->data, .avail_in = (unsigned)in->len, .next_out = out, .avail_out = (unsigned)cap};
	deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return cap - stream.avail_out;
}

static size_t pack_zstd(const struct support_bytes *in, unsigned char *out, size_t cap)
{
	size_t len = ZSTD_compress(out, cap, in->data, in->len, 1);
	assert_false(ZSTD_isError(len));
	return len;
}

typedef size_t (*pack_function)(const struct support_bytes *in, unsigned char *out, size_t cap);

static const pack_function packers[] = {pack_gzip, pack_zstd};

/* Pack in two parts, as gzip and zstd append to a file. Returns the length. */
static size_t pack(pack_function packer, const struct support_bytes *file, unsigned char *out, size_t cap)
{
	struct support_bytes first = {.data = file->data, .len = file->len / 2},
			     second = {.data = file->data + first.len, .len = file->len - first.len};
	size_t len = packer(&first, out, cap);
	return len + packer(&second, out + len, cap - len);
}

static void packed_files_are_unpacked(void **state)
{
	struct capture_fixture *fixture = *state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {.format = SUPPORT_PCAP};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		capture_make(&capture, &frames);
		support_write_file(fixture->path, packed,
				   pack(packers[i], &capture.bytes, packed, sizeof packed));
		capture_read_path(fixture, &taken);
		capture_check_whole(&taken, &frames);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

/* Larger than any buffer involved, and much larger unpacked than packed. */
static void a_large_packed_file_is_unpacked(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {.format = SUPPORT_PCAPNG};
	size_t cap = 1 << 20;
	unsigned char *packed = malloc(cap);
	struct support_packet packet = capture_packet(30);
	support_capture_begin(&capture);
	for (int i = 0; i < 50000; i++)
		support_capture_put_packet(&capture, CAPTURE_TIME_NS, &packet);
	for (unsigned i = 0; i < 2; i++) {
		struct taken taken;
		support_write_file(fixture->path, packed, pack(packers[i], &capture.bytes, packed, cap));
		capture_read_path(fixture, &taken);
		assert_int_equal(taken.status, 0);
		assert_int_equal(taken.frames, 50000);
		support_bytes_fini(&taken.bytes);
	}
	support_capture_fini(&capture);
	free(packed);
}

static void damage_in_a_packed_file_is_reported(void **state)
{
	struct capture_fixture *fixture = *state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {0};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		capture_make(&capture, &frames);
		size_t len = pack(packers[i], &capture.bytes, packed, sizeof packed);
		memset(packed + len * 3 / 4, 0xff, len / 8);
		support_write_file(fixture->path, packed, len);
		capture_read_path(fixture, &taken);
		assert_int_equal(taken.status, TAP_ECAPTURE);
		assert_non_null(strstr(taken.fault.text, "damaged"));
		assert_true(taken.frames > 0 && taken.frames < CAPTURE_FRAMES);
		support_bytes_fini(&taken.bytes);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

/* Even if the unpacked bytes end between two frames. */
static void a_cut_packed_file_is_reported(void **state)
{
	struct capture_fixture *fixture = *state;
	for (unsigned i = 0; i < 2; i++) {
		struct support_capture capture = {0};
		struct support_bytes frames = {0};
		unsigned char packed[8192];
		capture_make(&capture, &frames);
		size_t len = pack(packers[i], &capture.bytes, packed, sizeof packed);
		for (size_t cut = len * 3 / 4; cut < len; cut++) {
			struct taken taken;
			support_write_file(fixture->path, packed, cut);
			capture_read_path(fixture, &taken);
			assert_int_equal(taken.status, TAP_ECUT);
			assert_memory_equal(taken.bytes.data, frames.data, taken.bytes.len);
			support_bytes_fini(&taken.bytes);
		}
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
}

static void standard_input_is_read_packed_or_not(void **state)
{
	(void)state;
	int keep = dup(STDIN_FILENO);
	for (unsigned i = 0; i < 3; i++) {
		struct support_capture capture = {.format = SUPPORT_PCAPNG};
		struct support_bytes frames = {0};
		struct taken taken;
		unsigned char packed[8192];
		int pipe_fds[2];
		capture_make(&capture, &frames);
		size_t len =
		    i < 2 ? pack(packers[i], &capture.bytes, packed, sizeof packed) : capture.bytes.len;
		assert_int_equal(pipe(pipe_fds), 0);
		assert_int_equal(write(pipe_fds[1], i < 2 ? packed : capture.bytes.data, len), len);
		close(pipe_fds[1]);
		dup2(pipe_fds[0], STDIN_FILENO);
		close(pipe_fds[0]);
		capture_read_file(&(struct tap_capture_options){.file = "-"}, &taken);
		capture_check_whole(&taken, &frames);
		support_capture_fini(&capture);
		support_bytes_fini(&frames);
	}
	dup2(keep, STDIN_FILENO);
	close(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packed_files_are_unpacked),
	    cmocka_unit_test(a_large_packed_file_is_unpacked),
	    cmocka_unit_test(damage_in_a_packed_file_is_reported),
	    cmocka_unit_test(a_cut_packed_file_is_reported),
	    cmocka_unit_test(standard_input_is_read_packed_or_not),
	};
	return cmocka_run_group_tests(tests, capture_fixture_setup, capture_fixture_teardown);
}
