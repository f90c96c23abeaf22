#include "export/decode/embed.h"

#include <stdlib.h>

#include "export/decode/step.h"
#include "wire/json_text.h"

enum { BYTES_OF_CHARACTER_MAX = 4 };

bool export__embed_is_json(struct export__embed *embed, struct wire_slice text)
{
	struct wire_json_token token;

	wire_json_init(&embed->json, text);
	for (;;) {
		switch (wire_json_next(&embed->json, &token)) {
		case WIRE_JSON_DONE: return true;
		case WIRE_JSON_BAD: return false;
		default:
			if (token.depth > EXPORT_DECODE_DEPTH_MAX)
				return false;
		}
	}
}

/* The text of a key or string without its escapes, of at most 4 bytes for each of those that are written. Empty when memory is short. */
static struct wire_slice unescape(struct export__embed *embed, struct wire_slice written)
{
	size_t len = 0, at = 0;

	if (written.len * BYTES_OF_CHARACTER_MAX > embed->cap) {
		const size_t cap = written.len * BYTES_OF_CHARACTER_MAX;
		char *text = realloc(embed->text, cap);

		if (!text)
			return wire_slice("", 0);
		embed->text = text;
		embed->cap = cap;
	}
	while (at < written.len) {
		const uint32_t character = wire_json_character(written, &at);
		const bool is_unicode =
		    character < WIRE_JSON_STRAY_BYTE && !(character >= 0xd800 && character < 0xe000);

		len += wire_json_put(embed->text + len, is_unicode ? character : WIRE_JSON_REPLACEMENT);
	}
	return wire_slice(embed->text, len);
}

static void put(struct export__embed *embed, struct export_json *json, const char *key,
		const struct wire_json_token *token)
{
	switch (token->kind) {
	case WIRE_JSON_OBJECT: export_json_object(json, key); break;
	case WIRE_JSON_OBJECT_END: export_json_object_end(json); break;
	case WIRE_JSON_ARRAY: export_json_array(json, key); break;
	case WIRE_JSON_ARRAY_END: export_json_array_end(json); break;
	case WIRE_JSON_KEY: export_json_key(json, unescape(embed, token->text)); break;
	case WIRE_JSON_STRING: export_json_string(json, key, unescape(embed, token->text)); break;
	default: export_json_raw(json, key, token->text);
	}
}

void export__embed_put(struct export__embed *embed, struct export_json *json, const char *key,
		       struct wire_slice text)
{
	struct wire_json_token token;

	wire_json_init(&embed->json, text);
	while (wire_json_next(&embed->json, &token) < WIRE_JSON_DONE) {
		put(embed, json, key, &token);
		key = NULL;
	}
}

void export__embed_fini(struct export__embed *embed)
{
	free(embed->text);
	embed->text = NULL;
	embed->cap = 0;
}
