#include "tap/proxy/greeting.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SERVER_BYTES_MAX = 256 << 10, CLIENT_BYTES_MAX = 64 << 10 };

void tap__greeting_begin(struct tap__greeting *greeting)
{
	free(greeting->server_bytes);
	greeting->server_bytes = NULL;
	greeting->server_len = greeting->info_len = 0;
	greeting->stage = TAP__AWAITS_INFO;
}

void tap__greeting_fini(struct tap__greeting *greeting)
{
	free(greeting->server_bytes);
	free(greeting->client_bytes);
	*greeting = (struct tap__greeting){0};
}

static bool append(char **bytes, size_t *len, size_t max, struct wire_slice more)
{
	if (more.len == 0)
		return true;
	char *grown = *len + more.len <= max ? realloc(*bytes, *len + more.len) : NULL;
	if (!grown)
		return false;
	memcpy(grown + *len, more.data, more.len);
	*bytes = grown;
	*len += more.len;
	return true;
}

static bool may_be_info(const struct tap__greeting *greeting)
{
	static const char word[] = "INFO ";
	size_t len = greeting->server_len < sizeof word - 1 ? greeting->server_len : sizeof word - 1;
	return strncasecmp(greeting->server_bytes, word, len) == 0;
}

bool tap__greeting_add_server(struct tap__greeting *greeting, struct wire_slice bytes)
{
	size_t before = greeting->server_len;
	if (bytes.len == 0)
		return true;
	if (!append(&greeting->server_bytes, &greeting->server_len, SERVER_BYTES_MAX, bytes) ||
	    !may_be_info(greeting))
		return false;
	const char *newline =
	    greeting->info_len > 0 ? NULL : memchr(greeting->server_bytes + before, '\n', bytes.len);
	if (newline)
		greeting->info_len = (size_t)(newline - greeting->server_bytes) + 1;
	return true;
}

bool tap__greeting_add_client(struct tap__greeting *greeting, struct wire_slice bytes)
{
	return append(&greeting->client_bytes, &greeting->client_len, CLIENT_BYTES_MAX, bytes);
}

struct wire_slice tap__greeting_info(const struct tap__greeting *greeting)
{
	return wire_slice(greeting->server_bytes, greeting->info_len);
}

struct wire_slice tap__greeting_rest(const struct tap__greeting *greeting)
{
	return wire_slice(greeting->server_bytes + greeting->info_len,
			  greeting->server_len - greeting->info_len);
}

void tap__greeting_drop_rest(struct tap__greeting *greeting)
{
	greeting->server_len = greeting->info_len;
}

struct wire_slice tap__greeting_client(const struct tap__greeting *greeting)
{
	return wire_slice(greeting->client_bytes, greeting->client_len);
}
