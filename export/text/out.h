/* out.h - buffered output to a file descriptor.
 *
 * A buffer that empties itself when it is full, so printing a message costs no system call and memory stays
 * bounded however much is printed. After the first failed write, output is discarded, and the command learns
 * of the failure when it flushes. A closed pipe is such a failure, but not an error to report.
 *
 * Instead of going to a descriptor, the text may be kept in memory, up to a limit: export_out_init_memory. */
#ifndef EXPORT_TEXT_OUT_H
#define EXPORT_TEXT_OUT_H

#include <stdint.h>

#include "wire/slice.h"

enum { EXPORT_OUT_BYTES = 1 << 16 };

struct export_out {
	int fd;    /* borrowed */
	int error; /* negative errno of the first failed write, or 0; of memory -EFBIG, -ENOMEM */
	size_t len;
	char *data; /* EXPORT_OUT_BYTES of them */
	/* NULL, or called before the first write; returns the descriptor to write to. Set it after init. */
	int (*begin)(void *context);
	void *context;
	struct { /* what was flushed, when it is kept in memory */
		char *data;
		size_t len, cap;
		size_t most; /* 0: it is written to fd */
	} kept;
};

/* 0 or -ENOMEM. */
int export_out_init(struct export_out *out, int fd);
/* Keep the text in memory, at most `most` bytes of it, which is not 0; what is beyond is discarded. 0 or -ENOMEM. */
int export_out_init_memory(struct export_out *out, size_t most);
/* All that is kept in memory; valid until the next call for this output. Empty, with the error set, when it is more than `most`. */
struct wire_slice export_out_kept(struct export_out *out);
/* Forget what is kept in memory, and the error. */
void export_out_reset(struct export_out *out);
/* Discards output that was not flushed. */
void export_out_fini(struct export_out *out);

/* Of any length: flushes when there is no room. */
void export_out_long(struct export_out *out, const char *data, size_t len);
void export_out_text(struct export_out *out, const char *text);
void export_out_slice(struct export_out *out, struct wire_slice slice);
void export_out_decimal(struct export_out *out, uint64_t value);
/* The text must be shorter than 1000 bytes; longer is cut. */
void export_out_format(struct export_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void export_out_spaces(struct export_out *out, size_t count);

/* Inline: most texts are keys and words of a few bytes, for which the call of memcpy would cost more than the copy. */
static inline void export_out_bytes(struct export_out *out, const char *data, size_t len)
{
	char *to = out->data + out->len;

	if (len > EXPORT_OUT_BYTES - out->len || len > 16) {
		export_out_long(out, data, len);
		return;
	}
	if (len >= 8) {
		memcpy(to, data, 8);
		memcpy(to + len - 8, data + len - 8, 8);
	} else {
		for (size_t i = 0; i < len; i++)
			to[i] = data[i];
	}
	out->len += len;
}

/* Inline, because every escape of a JSON string calls it. */
static inline void export_out_char(struct export_out *out, char c)
{
	if (out->len < EXPORT_OUT_BYTES)
		out->data[out->len++] = c;
	else
		export_out_long(out, &c, 1);
}

/* Hand everything to the kernel. 0, or the sticky error: -EPIPE when the reader has closed the pipe. */
int export_out_flush(struct export_out *out);

#endif
