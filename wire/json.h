/* json.h - read JSON token by token, as leniently as Go's encoding/json does.
 *
 * Clients send what nats-server accepts: strings with bytes that are not UTF-8 or with half a surrogate pair, NUL, numbers
 * of any size. Readers that build a tree refuse these; this one checks the grammar of RFC 8259 only, and leaves it to
 * the caller what a string or a number means. Pure: no allocation and no recursion. */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <stdint.h>

#include "wire/slice.h"

enum { WIRE_JSON_DEPTH_MAX = 10000 }; /* nested objects and arrays, as in Go */

enum wire_json_kind {
	WIRE_JSON_OBJECT,
	WIRE_JSON_OBJECT_END,
	WIRE_JSON_ARRAY,
	WIRE_JSON_ARRAY_END,
	WIRE_JSON_KEY,
	WIRE_JSON_STRING,
	WIRE_JSON_NUMBER,
	WIRE_JSON_TRUE,
	WIRE_JSON_FALSE,
	WIRE_JSON_NULL,
	WIRE_JSON_DONE, /* the text has ended after one whole value */
	WIRE_JSON_BAD,  /* not valid JSON: the reader's `at` is at the first bad byte */
};

struct wire_json_token {
	enum wire_json_kind kind;
	struct wire_slice text; /* as written; without the quotes of keys and strings. Borrows the input */
	unsigned depth;         /* objects and arrays around the token: 0 for the whole value and its end */
};

/* A reader. Its members are private, except `at`. */
struct wire_json {
	const char *at, *end;
	unsigned depth;
	uint8_t expects;
	uint8_t is_object[WIRE_JSON_DEPTH_MAX / 8 + 1]; /* a bit for each open container */
};

/* Begin to read. The reader borrows the text. */
void wire_json_init(struct wire_json *json, struct wire_slice text);

/* The next token in *token. After WIRE_JSON_DONE and WIRE_JSON_BAD every call returns the same. */
enum wire_json_kind wire_json_next(struct wire_json *json, struct wire_json_token *token);

/* Skip the rest of the value that begins with the token `first`. False when it is not valid. */
bool wire_json_skip(struct wire_json *json, const struct wire_json_token *first);

/* True when the whole text is one valid value; else *bad_at (may be NULL) is the offset of its first bad
 * byte. */
bool wire_json_is_valid(struct wire_slice text, size_t *bad_at);

#endif
