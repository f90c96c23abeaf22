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
	*out = (struct export_out){.fd = fd, .data = malloc(EXPORT_OUT_BYTES)};
	return out->data ? 0 : -ENOMEM;
}

int export_out_init_memory(struct export_out *out, size_t most)
{
	const int error = export_out_init(out, -1);

	out->kept.most = most;
	return error;
}

void export_out_reset(struct export_out *out)
{
	out->len = out->kept.len = 0;
	out->error = 0;
}

void export_out_fini(struct export_out *out)
{
	free(out->data);
	free(out->kept.data);
	*out = (struct export_out){.fd = -1};
}

/* Another process may have made the terminal or pipe non-blocking: wait as if it were blocking. */
static void wait_writable(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	(void)poll(&wait, 1, -1);
}

/* Make room for len bytes more of what is kept. False, with an error, when there is none. */
static bool grow(struct export_out *out, size_t len)
{
	const size_t needed = out->kept.len + len;

	if (needed <= out->kept.cap)
		return true;
	size_t cap = out->kept.cap * 2 < needed ? needed : out->kept.cap * 2;
	cap = cap > out->kept.most ? out->kept.most : cap;
	char *data = realloc(out->kept.data, cap);
	if (!data) {
		out->error = -ENOMEM;
		return false;
	}
	out->kept.data = data;
	out->kept.cap = cap;
	return true;
}

static void keep(struct export_out *out, const char *data, size_t len)
{
	if (len > out->kept.most - out->kept.len)
		out->error = -EFBIG;
	if (len == 0 || out->error != 0 || !grow(out, len))
		return;
	memcpy(out->kept.data + out->kept.len, data, len);
	out->kept.len += len;
}

static void begin(struct export_out *out)
{
	if (out->begin)
		out->fd = out->begin(out->context);
	out->begin = NULL;
}

static void write_all(struct export_out *out, const char *data, size_t len)
{
	if (out->kept.most > 0) {
		keep(out, data, len);
		return;
	}
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

struct wire_slice export_out_kept(struct export_out *out)
{
	if (out->kept.len > 0 || out->len > out->kept.most)
		export_out_flush(out);
	if (out->error != 0)
		return wire_slice("", 0);
	return out->kept.len > 0 ? wire_slice(out->kept.data, out->kept.len)
				 : wire_slice(out->data, out->len);
}

void export_out_long(struct export_out *out, const char *data, size_t len)
{
	if (len > EXPORT_OUT_BYTES - out->len) {
		export_out_flush(out);
		if (len >= EXPORT_OUT_BYTES) {
			write_all(out, data, len);
			return;
		}
	}
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
