/* json_text.h - decode the keys and strings of a JSON text (json.h), and rewrite a text for strict
 * readers. */
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include "wire/json.h"

enum {
	WIRE_JSON_REPLACEMENT = 0xfffd,
	WIRE_JSON_STRAY_BYTE = 0x110000, /* added to a byte that is no part of valid UTF-8 */
};

/* The next character of a key or string as written, in text[*at..len) which is not empty; *at is advanced. A code
 * point; half a surrogate pair as itself; or WIRE_JSON_STRAY_BYTE plus the byte. */
uint32_t wire_json_character(struct wire_slice text, size_t *at);

/* Write a code point as UTF-8: the bytes written, 1 to 4. */
size_t wire_json_put(char *out, uint32_t character);

/* The key or string as an owned, NUL-terminated text. U+FFFD replaces whatever is not Unicode, as in Go, and NUL, which
 * a C string cannot hold. NULL when out of memory. */
char *wire_json_text(struct wire_slice written);

/* The key or string is this text, byte for byte, with or without escapes. */
bool wire_json_says(struct wire_slice written, struct wire_slice text);

/* The key or string equals `name`, ignoring the case of ASCII letters: Go's rule for keys. */
bool wire_json_is_name(struct wire_slice written, const char *name);

/* The text rewritten so that a strict reader accepts it and different texts stay different: stray bytes, half
 * surrogate pairs and NUL become a noncharacter (U+FDD0) and their number, numbers beyond 64 bits become strings that
 * begin with a noncharacter (U+FDD1). Owned, *len bytes; NULL when the text is not valid or memory is short. */
char *wire_json_strict(struct wire_slice text, size_t *len);

#endif
