/* capture.h - an output whose text a test can look at. */
#ifndef TESTS_UNIT_CLI_CAPTURE_H
#define TESTS_UNIT_CLI_CAPTURE_H

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "export/text/out.h"

static inline void capture_init(struct export_out *out)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	int status = export_out_init(out, fd);

	assert(fd >= 0 && status == 0);
	(void)status;
}

/* The text printed since the last call, NUL-terminated; owned by the caller. */
static inline char *capture_take(struct export_out *out)
{
	export_out_flush(out);
	off_t len = lseek(out->fd, 0, SEEK_END);
	char *text = malloc((size_t)len + 1);
	ssize_t got = text ? pread(out->fd, text, (size_t)len, 0) : -1;

	assert(got == len);
	text[got] = '\0';
	if (ftruncate(out->fd, 0) != 0 || lseek(out->fd, 0, SEEK_SET) != 0)
		abort();
	return text;
}

static inline void capture_fini(struct export_out *out)
{
	close(out->fd);
	export_out_fini(out);
}

#endif
