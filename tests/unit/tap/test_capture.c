/* Captures: every kind of file, whole, cut or invalid, and writing frames that were read. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/tap/capture_fixture.h"

/* ---- whole ---- */

static void every_kind_of_file_is_read(void **state)
{
	struct capture_fixture *fixture = *state;
	for (int kind = 0; kind < 8; kind++) {
		struct support_capture capture = {.format = kind & 1 ? SUPPORT_PCAPNG : SUPPORT_PCAP,
						  .is_big_endian = kind & 2,
						  .has_nanoseconds = kind & 4};
		struct support_bytes frames = {0};
		struct taken taken;
		capture_write(fixture, &capture, &frames);
		capture_read_path(fixture, &taken);
		capture_check_whole(&taken, &frames);
		assert_true(taken.time_ns == (kind & 4 ? CAPTURE_TIME_NS : CAPTURE_TIME_NS / 1000 * 1000));
		support_bytes_fini(&frames);
	}
}

static void every_link_type_is_named(void **state)
{
	struct capture_fixture *fixture = *state;
	for (int link = 0; link < SUPPORT_LINKS; link++) {
		struct support_capture capture = {.link = (enum support_link)link};
		struct support_bytes frames = {0};
		struct tap_capture *opened;
		capture_write(fixture, &capture, &frames);
		assert_int_equal(
		    tap_capture_open(&opened, &(struct tap_capture_options){.file = fixture->path}, NULL), 0);
		struct taken taken = {0};
		assert_true(tap_capture_read(opened, 1, capture_take_frame, &taken, NULL) > 0);
		assert_int_equal(taken.link_type, support_link_type((enum support_link)link));
		support_bytes_fini(&taken.bytes);
		assert_int_equal(tap_capture_fd(opened), -1);
		tap_capture_close(opened, NULL);
		support_bytes_fini(&frames);
	}
}

static void a_frame_that_was_cut_says_its_true_length(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {.snaplen = 60};
	struct support_bytes frames = {0};
	struct taken taken;
	capture_write(fixture, &capture, &frames);
	capture_read_path(fixture, &taken);
	assert_int_equal(taken.wire_bytes, frames.len);
	assert_true(taken.bytes.len < frames.len);
	support_bytes_fini(&taken.bytes);
	support_bytes_fini(&frames);
}

/* Long-lived tools write 524288, more than libpcap's own limit. */
static void a_very_large_snapshot_length_does_no_harm(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {.snaplen = 524288};
	struct support_bytes frames = {0};
	struct taken taken;
	capture_write(fixture, &capture, &frames);
	capture_read_path(fixture, &taken);
	capture_check_whole(&taken, &frames);
	support_bytes_fini(&frames);
}

/* Put a 32-bit number at an offset of the file. */
static void set_u32(struct support_capture *capture, size_t at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		capture->bytes.data[at + i] = (unsigned char)(value >> 8 * i);
}

/* Bits above the link type state a checksum of four bytes at the end of each frame. */
static void a_checksum_at_the_end_is_not_part_of_the_frame(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	struct taken taken;
	support_capture_begin(&capture);
	set_u32(&capture, 20, 0x24000001);
	support_capture_put(&capture, CAPTURE_TIME_NS, "a frame and its FCS.", 20);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	capture_read_path(fixture, &taken);
	assert_int_equal(taken.frames, 1);
	assert_int_equal(taken.bytes.len, 16);
	assert_int_equal(taken.link_type, 1);
	support_bytes_fini(&taken.bytes);
}

static void the_modified_format_is_read(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	struct taken taken;
	support_capture_begin(&capture);
	set_u32(&capture, 0, 0xa1b2cd34);
	support_bytes_put(&capture.bytes, "\1\0\0\0\2\0\0\0\5\0\0\0\5\0\0\0", 16);
	support_bytes_put(&capture.bytes, "\3\0\0\0\0\x08\0\0", 8);
	support_bytes_put(&capture.bytes, "frame", 5);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	capture_read_path(fixture, &taken);
	assert_int_equal(taken.status, 0);
	assert_int_equal(taken.frames, 1);
	assert_memory_equal(taken.bytes.data, "frame", 5);
	assert_true(taken.time_ns == 1000002000);
	support_bytes_fini(&taken.bytes);
}

static void a_record_of_absurd_length_is_reported_with_its_offset(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	struct taken taken;
	capture_make(&capture, &frames);
	size_t at = capture.bytes.len;
	support_capture_put(&capture, CAPTURE_TIME_NS, "frame", 5);
	set_u32(&capture, at + 8, 262145);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	capture_read_path(fixture, &taken);
	char place[40];
	snprintf(place, sizeof place, "after 20 frames, at offset %zu: ", at);
	assert_int_equal(taken.status, TAP_ECAPTURE);
	assert_non_null(strstr(taken.fault.text, place));
	taken.status = 0;
	capture_check_whole(&taken, &frames);
	support_bytes_fini(&frames);
}

/* ---- cut ---- */

/* A file cut at any byte gives the frames before the cut, and an error unless it is cut between two frames. */
static void check_cuts(const struct capture_fixture *fixture, enum support_format format)
{
	struct support_capture capture = {.format = format};
	struct support_bytes frames = {0};
	unsigned between = 0;
	capture_make(&capture, &frames);
	for (size_t len = 50; len < capture.bytes.len; len++) { /* from the end of the header on */
		struct taken taken;
		support_write_file(fixture->path, capture.bytes.data, len);
		capture_read_path(fixture, &taken);
		assert_true(taken.frames < CAPTURE_FRAMES);
		assert_memory_equal(taken.bytes.data, frames.data, taken.bytes.len);
		between += taken.status == 0;
		if (taken.status != 0) {
			assert_int_equal(taken.status, TAP_ECUT);
			assert_non_null(strstr(taken.fault.text, "cut off"));
		}
		support_bytes_fini(&taken.bytes);
	}
	assert_int_equal(between, CAPTURE_FRAMES - 1);
	support_capture_fini(&capture);
	support_bytes_fini(&frames);
}

static void a_cut_file_gives_what_is_before_the_cut_and_says_so(void **state)
{
	check_cuts(*state, SUPPORT_PCAP);
	check_cuts(*state, SUPPORT_PCAPNG);
}

static void an_error_stays(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	struct tap_capture *opened;
	struct taken taken = {0};
	capture_make(&capture, &frames);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len - 1);
	assert_int_equal(
	    tap_capture_open(&opened, &(struct tap_capture_options){.file = fixture->path}, NULL), 0);
	assert_int_equal(tap_capture_read(opened, 1000, capture_take_frame, &taken, &taken.fault),
			 CAPTURE_FRAMES - 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tap_capture_read(opened, 1000, capture_take_frame, &taken, &taken.fault),
				 TAP_ECUT);
	tap_capture_close(opened, NULL);
	support_bytes_fini(&taken.bytes);
	support_capture_fini(&capture);
	support_bytes_fini(&frames);
}

/* ---- what cannot be opened ---- */

static void a_file_that_is_no_capture_is_refused(void **state)
{
	struct capture_fixture *fixture = *state;
	const struct tap_capture_options options = {.file = fixture->path};
	support_write_file(fixture->path, "PUB a 5\r\nhello\r\n", 16);
	assert_int_equal(capture_open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	support_write_file(fixture->path, "", 0);
	assert_int_equal(capture_open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	support_write_file(fixture->path, "\x1f\x8b not gzip", 10);
	assert_int_equal(capture_open_error(&options, "not a packet capture"), TAP_ECAPTURE);
	assert_int_equal(
	    capture_open_error(&(struct tap_capture_options){.file = fixture->dir.path}, fixture->dir.path),
	    -EISDIR);
	unlink(fixture->path);
	assert_int_equal(capture_open_error(&options, fixture->path), -ENOENT);
}

static void a_link_type_that_cannot_be_decoded_is_refused(void **state)
{
	struct capture_fixture *fixture = *state;
	struct support_capture capture = {0};
	support_capture_begin(&capture);
	capture.bytes.data[20] = 189; /* USB */
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
	assert_int_equal(
	    capture_open_error(&(struct tap_capture_options){.file = fixture->path}, "link type 189"),
	    TAP_ECAPTURE);
}

static void an_interface_that_is_not_there_lists_those_that_are(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: who may not capture is told so first\n");
		skip();
	}
	const struct tap_capture_options options = {.interface = "no-such-if0"};
	assert_int_equal(capture_open_error(&options, "there are: "), TAP_EINTERFACE);
	assert_int_equal(capture_open_error(&options, "lo"), TAP_EINTERFACE);
}

/* ---- writing ---- */

static void frames_that_were_read_can_be_written(void **state)
{
	struct capture_fixture *fixture = *state;
	char copy[300];
	struct support_capture capture = {.format = SUPPORT_PCAPNG, .has_nanoseconds = true};
	struct support_bytes frames = {0};
	struct taken taken;
	support_tempdir_path(&fixture->dir, "copy.pcap", copy, sizeof copy);
	capture_write(fixture, &capture, &frames);
	capture_read_file(&(struct tap_capture_options){.file = fixture->path, .write_file = copy}, &taken);
	support_bytes_fini(&taken.bytes);
	capture_read_file(&(struct tap_capture_options){.file = copy}, &taken);
	capture_check_whole(&taken, &frames);
	assert_true(taken.time_ns == CAPTURE_TIME_NS);
	assert_int_equal(capture_open_error(
			     &(struct tap_capture_options){.file = fixture->path, .write_file = copy}, copy),
			 -EEXIST);
	unlink(copy);
	support_bytes_fini(&frames);
}

static void write_connect(const struct capture_fixture *fixture)
{
	struct support_capture capture = {0};
	struct support_packet packet = capture_packet(0);
	packet.payload = WIRE_LITERAL("CONNECT {\"pass\":\"s3cret\"}\r\n");
	support_capture_begin(&capture);
	support_capture_put_packet(&capture, CAPTURE_TIME_NS, &packet);
	support_write_file(fixture->path, capture.bytes.data, capture.bytes.len);
	support_capture_fini(&capture);
}

static void check_written(const struct capture_fixture *fixture, const char *name, bool keeps_secrets,
			  const char *expected)
{
	char copy[300];
	struct taken taken;
	support_tempdir_path(&fixture->dir, name, copy, sizeof copy);
	capture_read_file(&(struct tap_capture_options){.file = fixture->path,
							.write_file = copy,
							.keeps_secrets = keeps_secrets},
			  &taken);
	assert_non_null(memmem(taken.bytes.data, taken.bytes.len, "s3cret", 6)); /* for the decoder */
	support_bytes_fini(&taken.bytes);
	capture_read_file(&(struct tap_capture_options){.file = copy}, &taken);
	assert_int_equal(taken.frames, 1);
	assert_non_null(memmem(taken.bytes.data, taken.bytes.len, expected, strlen(expected)));
	support_bytes_fini(&taken.bytes);
}

static void credentials_are_written_only_when_they_are_to_be_kept(void **state)
{
	const struct capture_fixture *fixture = *state;
	write_connect(fixture);
	check_written(fixture, "hidden.pcap", false, "CONNECT {\"pass\":\"xxxxxx\"}\r\n");
	check_written(fixture, "kept.pcap", true, "CONNECT {\"pass\":\"s3cret\"}\r\n");
}

/* When no file may grow, as on a full disk. */
static void a_failed_write_is_reported(void **state)
{
	struct capture_fixture *fixture = *state;
	char copy[300];
	struct support_capture capture = {0};
	struct support_bytes frames = {0};
	struct tap_capture *opened;
	struct taken taken;
	struct wire_fault fault = {0};
	struct rlimit old, none;
	support_tempdir_path(&fixture->dir, "copy.pcap", copy, sizeof copy);
	capture_write(fixture, &capture, &frames);
	support_bytes_fini(&frames);
	const struct tap_capture_options options = {.file = fixture->path, .write_file = copy};
	assert_int_equal(tap_capture_open(&opened, &options, NULL), 0);
	getrlimit(RLIMIT_FSIZE, &old);
	none = (struct rlimit){.rlim_max = old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	capture_read_all(opened, 7, &taken);
	int error = tap_capture_close(opened, &fault);
	setrlimit(RLIMIT_FSIZE, &old);
	support_bytes_fini(&taken.bytes);
	assert_int_equal(error, -EFBIG);
	assert_non_null(strstr(fault.text, copy));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_file_is_read),
	    cmocka_unit_test(every_link_type_is_named),
	    cmocka_unit_test(a_frame_that_was_cut_says_its_true_length),
	    cmocka_unit_test(a_very_large_snapshot_length_does_no_harm),
	    cmocka_unit_test(a_checksum_at_the_end_is_not_part_of_the_frame),
	    cmocka_unit_test(the_modified_format_is_read),
	    cmocka_unit_test(a_record_of_absurd_length_is_reported_with_its_offset),
	    cmocka_unit_test(a_cut_file_gives_what_is_before_the_cut_and_says_so),
	    cmocka_unit_test(an_error_stays),
	    cmocka_unit_test(a_file_that_is_no_capture_is_refused),
	    cmocka_unit_test(a_link_type_that_cannot_be_decoded_is_refused),
	    cmocka_unit_test(an_interface_that_is_not_there_lists_those_that_are),
	    cmocka_unit_test(frames_that_were_read_can_be_written),
	    cmocka_unit_test(credentials_are_written_only_when_they_are_to_be_kept),
	    cmocka_unit_test(a_failed_write_is_reported),
	};
	return cmocka_run_group_tests(tests, capture_fixture_setup, capture_fixture_teardown);
}
