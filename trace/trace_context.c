#include "trace/trace_context.h"

#include "wire/headers.h"

enum { DIGITS_MAX = 32 };

static bool is_hex(struct wire_slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789abcdefABCDEF", text.data[i], 22))
			return false;
	return text.len > 0 && text.len <= DIGITS_MAX;
}

/* An id without leading zeros; empty when it is none, or zero. */
static struct wire_slice id_of(struct wire_slice text)
{
	if (!is_hex(text))
		return (struct wire_slice){0};
	while (text.len > 0 && text.data[0] == '0') {
		text.data++;
		text.len--;
	}
	return text;
}

/* The part of *rest before the separator; *rest is advanced past it. */
static struct wire_slice cut(struct wire_slice *rest, char separator)
{
	const char *end = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len, used = end ? len + 1 : len;
	struct wire_slice part = wire_slice(rest->data, len);
	rest->data += used;
	rest->len -= used;
	return part;
}

static void read_traceparent(struct trace_context *context, struct wire_slice value)
{
	cut(&value, '-');
	context->trace = id_of(cut(&value, '-'));
	context->span = id_of(cut(&value, '-'));
}

static void read_b3(struct trace_context *context, struct wire_slice value)
{
	context->trace = id_of(cut(&value, '-'));
	context->span = id_of(cut(&value, '-'));
	cut(&value, '-');
	context->parent = id_of(cut(&value, '-'));
}

static void read_uber(struct trace_context *context, struct wire_slice value)
{
	context->trace = id_of(cut(&value, ':'));
	context->span = id_of(cut(&value, ':'));
	context->parent = id_of(cut(&value, ':'));
}

static void read_header(struct trace_context *context, struct wire_slice key, struct wire_slice value)
{
	if (wire_headers_key_is(key, "traceparent"))
		read_traceparent(context, value);
	else if (wire_headers_key_is(key, "b3"))
		read_b3(context, value);
	else if (wire_headers_key_is(key, "uber-trace-id"))
		read_uber(context, value);
	else if (wire_headers_key_is(key, "X-B3-TraceId"))
		context->trace = id_of(value);
	else if (wire_headers_key_is(key, "X-B3-SpanId"))
		context->span = id_of(value);
	else if (wire_headers_key_is(key, "X-B3-ParentSpanId"))
		context->parent = id_of(value);
}

bool trace_context_read(struct trace_context *context, struct wire_slice headers)
{
	struct wire_headers walk;
	struct wire_slice key, value;
	*context = (struct trace_context){0};
	if (headers.len == 0 || wire_headers_open(&walk, headers) != 0)
		return false;
	while (wire_headers_next(&walk, &key, &value) > 0)
		read_header(context, key, value);
	if (context->trace.len > 0 && context->span.len > 0)
		return true;
	*context = (struct trace_context){0};
	return false;
}
