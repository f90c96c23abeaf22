/* out.h - buffered output to a file descriptor.
 *
 * A buffer that empties itself when it is full, so printing a message costs no system call and memory stays
 * bounded however much is printed. After the first failed write, output is discarded, and the command learns
 * of the failure when it flushes. A closed pipe is such a failure, but not an error to report. */
#ifndef CLI_OUTPUT_OUT_H
#define CLI_OUTPUT_OUT_H

#include <stdint.h>

#include "wire/slice.h"

enum { CLI_OUT_BYTES = 1 << 16 };

struct cli_out {
	int fd;    /* borrowed */
	int error; /* negative errno of the first failed write, or 0 */
	size_t len;
	char *data; /* CLI_OUT_BYTES of them */
	/* NULL, or called before the first write; returns the descriptor to write to. Set it after init. */
	int (*begin)(void *context);
	void *context;
};

/* 0 or -ENOMEM. */
int cli_out_init(struct cli_out *out, int fd);
/* Discards output that was not flushed. */
void cli_out_fini(struct cli_out *out);

void cli_out_bytes(struct cli_out *out, const char *data, size_t len);
void cli_out_text(struct cli_out *out, const char *text);
void cli_out_slice(struct cli_out *out, struct wire_slice slice);
void cli_out_decimal(struct cli_out *out, uint64_t value);
/* The text must be shorter than 1000 bytes; longer is cut. */
void cli_out_format(struct cli_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_out_spaces(struct cli_out *out, size_t count);

/* Inline, because every escape of a JSON string calls it. */
static inline void cli_out_char(struct cli_out *out, char c)
{
	if (out->len < CLI_OUT_BYTES)
		out->data[out->len++] = c;
	else
		cli_out_bytes(out, &c, 1);
}

/* Hand everything to the kernel. 0, or the sticky error: -EPIPE when the reader has closed the pipe. */
int cli_out_flush(struct cli_out *out);

#endif
