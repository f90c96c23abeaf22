#include "trace/doctor/facts/errors.h"

#include "wire/headers.h"

enum { LOOKED_AT = 256 }; /* bytes of a payload */

static bool has_error_header(struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice value;
	if (wire_headers_open(&headers, block) != 0)
		return false;
	if (headers.status.len > 0 && (headers.status.data[0] == '4' || headers.status.data[0] == '5'))
		return true;
	return wire_headers_get(block, WIRE_LITERAL("Nats-Service-Error-Code"), &value) ||
	       wire_headers_get(block, WIRE_LITERAL("Nats-Service-Error"), &value);
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
		at++;
	return at;
}

static bool begins_with(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);
	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0;
}

/* The value after `"error"` is none of those that mean no error. */
static bool is_error_value(const char *at, const char *end)
{
	at = skip_blanks(at, end);
	if (at == end || *at++ != ':')
		return false;
	at = skip_blanks(at, end);
	return at < end && !begins_with(at, end, "null") && !begins_with(at, end, "false") &&
	       !begins_with(at, end, "\"\"") && *at != '0';
}

bool doctor__is_error(const struct wire_event *reply)
{
	static const char key[] = "\"error\"";
	if (reply->headers.len > 0 && has_error_header(reply->headers))
		return true;
	if (reply->payload.len == 0 || reply->payload.data[0] != '{')
		return false;
	size_t len = reply->payload.len < LOOKED_AT ? reply->payload.len : LOOKED_AT;
	const char *end = reply->payload.data + len;
	const char *found = memmem(reply->payload.data, len, key, sizeof key - 1);
	return found && is_error_value(found + sizeof key - 1, end);
}
