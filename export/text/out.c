#include "export/text/out.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/write.h"

int export_out_init(struct export_out *out, int fd)
{
	*out = (struct export_out){.fd = fd, .cap = EXPORT_OUT_BYTES, .data = malloc(EXPORT_OUT_BYTES)};
	return out->data ? 0 : -ENOMEM;
}

void export_out_init_memory(struct export_out *out, size_t most)
{
	*out = (struct export_out){.fd = -1, .most = most};
}

void export_out_reset(struct export_out *out)
{
	out->len = 0;
	out->error = 0;
}

void export_out_fini(struct export_out *out)
{
	free(out->data);
	*out = (struct export_out){.fd = -1};
}

/* Another process may have made the terminal or pipe non-blocking: wait as if it were blocking. */
static void wait_writable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	(void)poll(&wait, 1, -1);
}

static void begin(struct export_out *out)
{
	if (out->begin)
		out->fd = out->begin(out->context);
	out->begin = NULL;
}

static void write_all(struct export_out *out, const char *data, size_t len)
{
	if (len > 0)
		begin(out);
	while (len > 0 && out->error == 0) {
		ssize_t written = write(out->fd, data, len);

		if (written >= 0) {
			data += written;
			len -= (size_t)written;
		} else if (errno == EAGAIN) {
			wait_writable(out->fd);
		} else if (errno != EINTR) {
			out->error = -errno;
		}
	}
}

int export_out_flush(struct export_out *out)
{
	write_all(out, out->data, out->len);
	out->len = 0;
	return out->error;
}

/* Make room in memory for len bytes more. False, with an error, when there is none. */
static bool grow(struct export_out *out, size_t len)
{
	if (out->error == 0 && len > out->most - out->len)
		out->error = -EFBIG;
	if (out->error != 0)
		return false;
	size_t cap = out->cap < EXPORT_OUT_BYTES ? EXPORT_OUT_BYTES : out->cap * 2;
	cap = cap < out->len + len ? out->len + len : cap;
	cap = cap > out->most ? out->most : cap;
	char *data = realloc(out->data, cap);
	if (!data) {
		out->error = -ENOMEM;
		return false;
	}
	out->data = data;
	out->cap = cap;
	return true;
}

/* Empty the buffer for data that does not fit. True when the data was written already. */
static bool pass(struct export_out *out, const char *data, size_t len)
{
	export_out_flush(out);
	if (len < out->cap)
		return false;
	write_all(out, data, len);
	return true;
}

void export_out_long(struct export_out *out, const char *data, size_t len)
{
	if (len > out->cap - out->len && (out->most > 0 ? !grow(out, len) : pass(out, data, len)))
		return;
	if (len > 0)
		memcpy(out->data + out->len, data, len);
	out->len += len;
}

void export_out_text(struct export_out *out, const char *text)
{
	export_out_bytes(out, text, strlen(text));
}

void export_out_slice(struct export_out *out, struct wire_slice slice)
{
	export_out_bytes(out, slice.data, slice.len);
}

void export_out_decimal(struct export_out *out, uint64_t value)
{
	char digits[20];

	export_out_bytes(out, digits, wire_write_decimal(digits, value));
}

void export_out_format(struct export_out *out, const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len > 0)
		export_out_bytes(out, text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void export_out_spaces(struct export_out *out, size_t count)
{
	static const char blanks[] = "                                ";
	const size_t most = sizeof(blanks) - 1;

	for (; count > most; count -= most)
		export_out_bytes(out, blanks, most);
	export_out_bytes(out, blanks, count);
}
