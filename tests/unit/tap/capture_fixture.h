/* capture_fixture.h - capture files for tests, and what reading them gave. */
#ifndef TESTS_CAPTURE_FIXTURE_H
#define TESTS_CAPTURE_FIXTURE_H

#include "support/packets.h"
#include "support/tempdir.h"
#include "tap/capture/capture.h"

/* The state of a group of tests: a folder, and the path of a capture in it. */
struct capture_fixture {
	struct support_tempdir dir;
	char path[300];
};

int capture_fixture_setup(void **state);
int capture_fixture_teardown(void **state);

/* ---- what is in a capture ---- */

enum { CAPTURE_FRAMES = 20 };

/* The time of the first frame; later frames follow one nanosecond apart. */
#define CAPTURE_TIME_NS INT64_C(1700000000123456789)

/* A packet with a payload of `number` bytes, up to 36, from port 50000 to 4222 or, with an odd number, 4223. */
struct support_packet capture_packet(unsigned number);

/* Make a capture of CAPTURE_FRAMES frames in the form of *capture; *frames gets their bytes. */
void capture_make(struct support_capture *capture, struct support_bytes *frames);
/* Likewise, written to the fixture's path. */
void capture_write(const struct capture_fixture *fixture, struct support_capture *capture,
		   struct support_bytes *frames);

/* ---- what a capture gives ---- */

struct taken {
	unsigned frames;
	int64_t time_ns;            /* of the first */
	int link_type;              /* of the latest */
	struct support_bytes bytes; /* freed by the caller */
	uint32_t wire_bytes;
	int status; /* of the last read */
	struct wire_fault fault;
};

/* Add a frame to a struct taken; for tap_capture_read. */
void capture_take_frame(void *context, const struct tap_frame *frame);
/* Read to the end or an error, `max` frames at a time. */
void capture_read_all(struct tap_capture *capture, int max, struct taken *taken);
/* Open a file, which must succeed, and read it to the end. */
void capture_read_file(const struct tap_capture_options *options, struct taken *taken);
/* Likewise, the fixture's path with no other option. */
void capture_read_path(const struct capture_fixture *fixture, struct taken *taken);
/* Check that all frames of capture_make came, byte for byte. Frees the bytes taken. */
void capture_check_whole(struct taken *taken, const struct support_bytes *frames);
/* Open, which must fail with `text` in its message. Returns the error. */
int capture_open_error(const struct tap_capture_options *options, const char *text);

#endif
