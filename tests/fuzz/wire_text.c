/* Fuzz target: the texts inside operations: JSON, CONNECT, redaction, and header blocks. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/headers.h"
#include "wire/info.h"
#include "wire/json_text.h"
#include "wire/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_hidden(const char *secret)
{
	return secret[0] == '\0' || strcmp(secret, "[REDACTED]") == 0;
}

/* Redacted text reads as a CONNECT without secrets, and redacting it again changes nothing. */
static void check_redaction(struct wire_slice json)
{
	struct wire_connect connect;
	char *text = wire_redact_connect(json);
	require(text != NULL);
	char *again = wire_redact_connect(wire_slice_str(text));
	require(again && strcmp(again, text) == 0);
	if (wire_connect_read(&connect, wire_slice_str(text), NULL) == 0) {
		require(is_hidden(connect.pass) && is_hidden(connect.auth_token));
		require(is_hidden(connect.sig) && is_hidden(connect.jwt));
		require(is_hidden(connect.user) || connect.pass[0] != '\0');
		wire_connect_fini(&connect);
	}
	free(again);
	free(text);
}

/* The strict text of a valid one is valid; there is none for any other. */
static void check_strict(struct wire_slice json)
{
	size_t len = 0;
	char *strict = wire_json_strict(json, &len);
	require((strict != NULL) == wire_json_is_valid(json, NULL));
	require(!strict || wire_json_is_valid(wire_slice(strict, len), NULL));
	free(strict);
}

static void check_connect(struct wire_slice json)
{
	struct wire_connect connect;
	if (wire_connect_read(&connect, json, NULL) == 0)
		require(connect.name && connect.user && connect.pass && connect.auth_token && connect.jwt);
	else
		require(!connect.name && !connect.user && !connect.pass && !connect.auth_token);
	wire_connect_fini(&connect);
}

static void check_headers(struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value, first;
	if (wire_headers_open(&headers, block) != 0)
		return;
	size_t left = headers.rest.len;
	while (wire_headers_next(&headers, &key, &value) == 1) {
		require(key.len > 0 && headers.rest.len < left);
		require(key.data > block.data && value.data + value.len <= block.data + block.len);
		require(wire_headers_get(block, key, &first));
		left = headers.rest.len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_slice text = wire_slice((const char *)data, size);
	check_redaction(text);
	check_connect(text);
	check_strict(text);
	check_headers(text);
	return 0;
}
