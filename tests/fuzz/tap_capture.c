/* Fuzz target: a capture file, packed or not, up to the bytes of its connections. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap/capture/capture.h"
#include "tap/stream/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A few bytes may unpack to any number of frames. */
enum { FRAMES_MAX = 2000, MEMORY_BYTES = 16 << 20 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	(void)info;
	(void)time_ns;
	return handler;
}

static bool take_data(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		      struct wire_slice bytes)
{
	volatile char byte = bytes.data[0];
	byte = bytes.data[bytes.len - 1];
	(void)byte;
	(void)time_ns;
	return flow == handler && from < TAP_PEERS;
}

static bool take_hole(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	(void)time_ns;
	require(bytes > 0 && why < TAP_HOLES);
	return flow == handler && from < TAP_PEERS;
}

static void close_flow(struct tap_flow_handler *handler, void *flow, int64_t time_ns, enum tap_end why)
{
	(void)time_ns;
	require(flow == handler && why < TAP_ENDS);
}

static void decode(struct tap_capture *capture)
{
	struct tap_flow_handler handler = {
	    .open = open_flow, .data = take_data, .hole = take_hole, .close = close_flow};
	struct tap_budget budget = {.max_bytes = MEMORY_BYTES};
	struct tap_decoder_options options = {0};
	struct wire_fault fault = {0};
	struct tap_capture_counts counts = {0};
	tap_reassembly_options_init(&options.reassembly);
	options.reassembly.flows_max = options.reassembly.half_open_max = 64;
	struct tap_decoder *decoder = tap_decoder_open(&handler, &options, &budget);
	require(decoder != NULL);
	int status;
	do {
		status = tap_capture_read(capture, 100, tap_decoder_take_frame, decoder, &fault);
		tap_capture_counts(capture, &counts);
	} while (status > 0 && counts.frames < FRAMES_MAX);
	require(status >= 0 || (fault.code == status && fault.text[0]));
	tap_decoder_finish(decoder);
	tap_decoder_close(decoder);
	require(budget.used_bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	char path[64];
	struct tap_capture *capture;
	struct wire_fault fault = {0};
	if (fd < 0)
		fd = memfd_create("capture", MFD_CLOEXEC);
	require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int error = tap_capture_open(&capture, &(struct tap_capture_options){.file = path}, &fault);
	require(error == 0 || (fault.code == error && fault.text[0]));
	if (error)
		return 0;
	decode(capture);
	require(tap_capture_close(capture, NULL) == 0);
	return 0;
}
