#include "wire/headers.h"

#include <strings.h>

static const char version[] = "NATS/1.0";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct wire_slice trim(struct wire_slice text)
{
	while (text.len > 0 && is_blank(text.data[0]))
		text = wire_slice(text.data + 1, text.len - 1);
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
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
	const size_t version_len = sizeof version - 1;
	struct wire_slice line;
	*headers = (struct wire_headers){.rest = block};
	if (!next_line(&headers->rest, &line) || line.len < version_len ||
	    memcmp(line.data, version, version_len) != 0)
		return WIRE_EHEADER;
	struct wire_slice status = wire_slice(line.data + version_len, line.len - version_len);
	if (status.len > 0 && !is_blank(status.data[0]))
		return WIRE_EHEADER;
	headers->status = status = trim(status);
	for (size_t i = 0; i < status.len; i++) {
		if (is_blank(status.data[i])) {
			headers->status.len = i;
			headers->text = trim(wire_slice(status.data + i, status.len - i));
			break;
		}
	}
	return 0;
}

/* At the end and at a malformed line `rest` is not advanced, so that the next call returns the same. */
int wire_headers_next(struct wire_headers *headers, struct wire_slice *key, struct wire_slice *value)
{
	struct wire_slice rest = headers->rest, line;
	if (wire_slice_equal(rest, WIRE_LITERAL("\r\n")))
		return 0;
	if (!next_line(&rest, &line))
		return WIRE_EHEADER;
	const char *colon = line.len > 0 ? memchr(line.data, ':', line.len) : NULL;
	if (!colon || colon == line.data)
		return WIRE_EHEADER;
	headers->rest = rest;
	*key = wire_slice(line.data, (size_t)(colon - line.data));
	*value = trim(wire_slice(colon + 1, line.len - key->len - 1));
	return 1;
}

bool wire_headers_get(struct wire_slice block, struct wire_slice key, struct wire_slice *value)
{
	struct wire_headers headers;
	struct wire_slice found, its_value;
	if (wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &found, &its_value) == 1) {
		if (wire_slice_equal(found, key)) {
			*value = its_value;
			return true;
		}
	}
	return false;
}

bool wire_headers_key_is(struct wire_slice key, const char *name)
{
	return key.len == strlen(name) && strncasecmp(key.data, name, key.len) == 0;
}
