#include "wire/headers.h"

static const char version[] = "NATS/1.0";

static struct wire_slice trim(struct wire_slice text)
{
	while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = wire_slice(text.data + 1, text.len - 1);
	while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Cut the first line off *rest, without its CRLF. False when there is no whole line. */
static bool next_line(struct wire_slice *rest, struct wire_slice *line)
{
	const char *newline = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
	if (!newline || newline == rest->data || newline[-1] != '\r')
		return false;
	*line = wire_slice(rest->data, (size_t)(newline - 1 - rest->data));
	*rest = wire_slice(newline + 1, rest->len - line->len - 2);
	return true;
}

int wire_headers_open(struct wire_headers *headers, struct wire_slice block)
{
	struct wire_slice line;
	*headers = (struct wire_headers){.rest = block};
	if (!next_line(&headers->rest, &line) || line.len < sizeof version - 1 ||
	    memcmp(line.data, version, sizeof version - 1) != 0)
		return WIRE_EHEADER;
	struct wire_slice status =
	    trim(wire_slice(line.data + sizeof version - 1, line.len - (sizeof version - 1)));
	const char *blank = status.len > 0 ? memchr(status.data, ' ', status.len) : NULL;
	headers->status = status;
	if (blank) {
		headers->status.len = (size_t)(blank - status.data);
		headers->text = trim(wire_slice(blank, status.len - headers->status.len));
	}
	return 0;
}

int wire_headers_next(struct wire_headers *headers, struct wire_slice *key, struct wire_slice *value)
{
	struct wire_slice line;
	if (headers->rest.len == 0)
		return 0;
	if (!next_line(&headers->rest, &line))
		return WIRE_EHEADER;
	if (line.len == 0)
		return headers->rest.len == 0 ? 0 : WIRE_EHEADER;
	const char *colon = memchr(line.data, ':', line.len);
	if (!colon || colon == line.data)
		return WIRE_EHEADER;
	*key = wire_slice(line.data, (size_t)(colon - line.data));
	*value = trim(wire_slice(colon + 1, line.len - key->len - 1));
	return 1;
}

bool wire_headers_get(struct wire_slice block, struct wire_slice key, struct wire_slice *value)
{
	struct wire_headers headers;
	struct wire_slice found;
	if (wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &found, value) == 1)
		if (wire_slice_equal(found, key))
			return true;
	return false;
}
