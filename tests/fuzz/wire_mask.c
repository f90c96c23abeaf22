/* Fuzz target: a secret in a payload or in headers that a mask covers.
 *
 * Input: a byte that says which rule, then what stands before the secret, up to a byte 0xff, then what stands after it. Neither
 * may hold the secret itself. What comes out must not hold it, and must be JSON when the payload was. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/json.h"
#include "wire/json_text.h"
#include "wire/mask/masker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PART_MAX = 4096 };

#define SECRET "hunter2"

/* A rule, and the text with the secret that it covers wherever it stands. */
struct plan {
	const char *rule, *planted;
	bool is_header, keeps_json;
};

static const struct plan plans[] = {
    {"$..s", "{\"s\":\"" SECRET "\"}", false, true},
    {"$..s=drop", "{\"s\":\"" SECRET "\"}", false, true},
    {"$..s=hash", "{\"s\":\"" SECRET "\"}", false, true},
    {"$..s\nregex x+", "{\"\\u0073\" : [\"x" SECRET "\",1]}", false, true},
    {"regex " SECRET, SECRET, false, true},
    {"regex " SECRET "=drop", SECRET, false, true},
    {"regex " SECRET "=hash\n$..s=drop", SECRET, false, true},
    {"regex " SECRET, "\"h\\u0075nter2\"", false, true},
    {"payload >", SECRET, false, true},
    {"payload >=drop", SECRET, false, false},
    {"payload >=hash", SECRET, false, true},
    {"header:S", "\r\ns: " SECRET "\r\n", true, false},
    {"header:S=drop", "\r\ns \t: x\r\n " SECRET "\r\n", true, false},
    {"header:S=hash\nregex y", "\n s: x\nS:" SECRET "\n", true, false},
    {"regex " SECRET, SECRET, true, false},
    {"regex " SECRET "=drop", SECRET, true, false},
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool holds_secret(struct wire_slice text)
{
	return text.len > 0 && memmem(text.data, text.len, SECRET, sizeof SECRET - 1) != NULL;
}

/* The secret is in no key or string of a JSON text either, whatever its escapes. */
static bool says_secret(struct wire_slice text)
{
	struct wire_json json;
	struct wire_json_token token;
	bool is_said = holds_secret(text);
	wire_json_init(&json, text);
	while (!is_said && wire_json_next(&json, &token) < WIRE_JSON_DONE) {
		if (token.kind != WIRE_JSON_KEY && token.kind != WIRE_JSON_STRING)
			continue;
		char *said = wire_json_text(token.text);
		is_said = said && strstr(said, SECRET);
		free(said);
	}
	return is_said;
}

static struct wire_masker *open_masker(const char *rules, struct wire_mask **mask)
{
	*mask = wire_mask_open();
	require(*mask != NULL);
	require(wire_mask_add_lines(*mask, wire_slice_str(rules), "rules", NULL) == 0);
	require(wire_mask_set_key(*mask, WIRE_LITERAL("000102030405060708090a0b0c0d0e0f"), NULL) == 0);
	struct wire_masker *masker = wire_masker_open(*mask, true);
	require(masker != NULL);
	return masker;
}

static void mask_and_check(const struct plan *plan, struct wire_slice text)
{
	struct wire_mask *mask;
	/* Expressions decode escapes in JSON only. */
	if (plan->rule[0] == 'r' && strchr(plan->planted, '\\') && !wire_json_is_valid(text, NULL))
		return;
	struct wire_masker *masker = open_masker(plan->rule, &mask);
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE, .subject = WIRE_LITERAL("a")};
	*(plan->is_header ? &event.headers : &event.payload) = text;
	event.size = event.payload.len;
	require(wire_masker_event(masker, &event));
	require(!says_secret(event.payload) && !holds_secret(event.headers));
	require(event.flags & WIRE_EVENT_MASKED);
	if (plan->keeps_json && wire_json_is_valid(text, NULL))
		require(wire_json_is_valid(event.payload, NULL));
	if (!strchr(plan->rule, '='))
		require(event.payload.len + event.headers.len == text.len);
	wire_masker_close(masker);
	wire_mask_close(mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[2 * PART_MAX + 64];
	if (size == 0 || size > PART_MAX)
		return 0;
	const struct plan *plan = &plans[data[0] % (sizeof plans / sizeof *plans)];
	const char *before = (const char *)data + 1, *cut = memchr(before, 0xff, size - 1);
	const size_t before_len = cut ? (size_t)(cut - before) : size - 1;
	const char *after = cut ? cut + 1 : "";
	const size_t after_len = cut ? size - 2 - before_len : 0, planted_len = strlen(plan->planted);
	if (says_secret(wire_slice(before, before_len)) || says_secret(wire_slice(after, after_len)))
		return 0;
	memcpy(text, before, before_len);
	memcpy(text + before_len, plan->planted, planted_len);
	memcpy(text + before_len + planted_len, after, after_len);
	char *exact = malloc(before_len + planted_len + after_len); /* so that a read beyond it is seen */
	require(exact != NULL);
	memcpy(exact, text, before_len + planted_len + after_len);
	mask_and_check(plan, wire_slice(exact, before_len + planted_len + after_len));
	free(exact);
	return 0;
}
