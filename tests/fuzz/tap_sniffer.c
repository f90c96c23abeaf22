/* Fuzz target: any bytes as a capture file, through the whole sniffer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap/sniffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void read_all(const char *path)
{
	struct tap_sniffer_options options;
	struct tap_sniffer *sniffer;
	struct wire_event event;
	struct wire_fault fault;
	int status;
	tap_sniffer_options_init(&options);
	options.capture.file = path;
	options.memory_bytes = 16 << 20;
	if (tap_sniffer_open(&sniffer, &options, &fault) != 0)
		return;
	while ((status = tap_sniffer_next(sniffer, &event, &fault)) > 0)
		require(event.kind < WIRE_EVENT_KINDS && event.seq > 0);
	require(status == 0 || fault.text[0]);
	require(tap_sniffer_close(sniffer, &fault) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	read_all(path);
	close(fd);
	return 0;
}
