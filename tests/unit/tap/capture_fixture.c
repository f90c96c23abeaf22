#include "tests/unit/tap/capture_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int capture_fixture_setup(void **state)
{
	struct capture_fixture *fixture = calloc(1, sizeof *fixture);
	*state = fixture;
	if (!fixture)
		return -1;
	support_tempdir_open(&fixture->dir);
	support_tempdir_path(&fixture->dir, "capture", fixture->path, sizeof fixture->path);
	return 0;
}

int capture_fixture_teardown(void **state)
{
	struct capture_fixture *fixture = *state;
	support_tempdir_close(&fixture->dir);
	free(fixture);
	return 0;
}

struct support_packet capture_packet(unsigned number)
{
	return (struct support_packet){.from = {1, 50000},
				       .to = {2, (uint16_t)(4222 + number % 2)},
				       .seq = number,
				       .flags = SUPPORT_ACK,
				       .payload = wire_slice("0123456789abcdefghijklmnopqrstuvwxyz", number)};
}

void capture_make(struct support_capture *capture, struct support_bytes *frames)
{
	support_capture_begin(capture);
	for (unsigned i = 0; i < CAPTURE_FRAMES; i++) {
		struct support_packet packet = capture_packet(i);
		packet.link = capture->link;
		support_packet_put(frames, &packet);
		support_capture_put_packet(capture, CAPTURE_TIME_NS + i, &packet);
	}
}

void capture_write(const struct capture_fixture *fixture, struct support_capture *capture,
		   struct support_bytes *frames)
{
	capture_make(capture, frames);
	support_write_file(fixture->path, capture->bytes.data, capture->bytes.len);
	support_capture_fini(capture);
}

void capture_take_frame(void *context, const struct tap_frame *frame)
{
	struct taken *taken = context;
	if (taken->frames++ == 0)
		taken->time_ns = frame->time_ns;
	taken->link_type = frame->link_type;
	taken->wire_bytes += frame->wire_bytes;
	support_bytes_put(&taken->bytes, frame->bytes, frame->captured_bytes);
}

void capture_read_all(struct tap_capture *capture, int max, struct taken *taken)
{
	*taken = (struct taken){0};
	do
		taken->status = tap_capture_read(capture, max, capture_take_frame, taken, &taken->fault);
	while (taken->status > 0);
}

void capture_read_file(const struct tap_capture_options *options, struct taken *taken)
{
	struct tap_capture *capture;
	struct wire_fault fault = {0};
	if (tap_capture_open(&capture, options, &fault) != 0)
		fail_msg("%s", fault.text);
	capture_read_all(capture, 7, taken);
	assert_int_equal(tap_capture_close(capture, &fault), 0);
}

void capture_read_path(const struct capture_fixture *fixture, struct taken *taken)
{
	capture_read_file(&(struct tap_capture_options){.file = fixture->path}, taken);
}

void capture_check_whole(struct taken *taken, const struct support_bytes *frames)
{
	assert_int_equal(taken->status, 0);
	assert_int_equal(taken->frames, CAPTURE_FRAMES);
	assert_int_equal(taken->bytes.len, frames->len);
	assert_memory_equal(taken->bytes.data, frames->data, frames->len);
	support_bytes_fini(&taken->bytes);
}

int capture_open_error(const struct tap_capture_options *options, const char *text)
{
	struct tap_capture *capture = NULL;
	struct wire_fault fault = {0};
	int error = tap_capture_open(&capture, options, &fault);
	assert_null(capture);
	assert_int_equal(fault.code, error);
	if (!strstr(fault.text, text))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, text);
	return error;
}
