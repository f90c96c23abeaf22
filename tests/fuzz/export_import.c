/* Any file: read as JSON lines or as comma-separated values without a crash, a hang or a leak. Each event could have come from the
 * wire. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct wire_event *event)
{
	if (event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY)
		return;
	if (event->subject.len == 0 || memchr(event->subject.data, ' ', event->subject.len))
		abort();
	for (uint32_t i = 0; i < event->receivers_len; i++)
		if (event->receivers[i].outcome >= WIRE_OUTCOMES)
			abort();
}

static void read_all(const char *path)
{
	const struct export_import_options options = {.path = path};
	struct export_import *import;
	struct wire_fault fault;
	struct wire_event event;

	export_import_kind_of(path);
	if (export_import_open(&import, &options, &fault) != 0)
		return;
	struct wire_source *source = export_import_source(import);
	while (source->next(source, &event, &fault) > 0) {
		source->client(source, event.conn);
		check(&event);
	}
	source->close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[40];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_all(path);
	close(fd);
	return 0;
}
