#include "broker/quote.h"

#include <stdio.h>
#include <stdlib.h>

/* The length of the UTF-8 character at text[0..len); 0 when it is not valid. */
static size_t character_len(const unsigned char *text, size_t len)
{
	size_t wanted = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if ((text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4 || wanted > len)
		return 0;
	for (size_t i = 1; i < wanted; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return wanted;
}

/* Write one byte as an escape of at most 4 characters. */
static char *escape(char *at, unsigned char c)
{
	static const char plain[] = "\a\b\f\n\r\t\v\"\\", letters[] = "abfnrtv\"\\";
	const char *found = c ? strchr(plain, c) : NULL;
	*at++ = '\\';
	if (found) {
		*at++ = letters[found - plain];
		return at;
	}
	return at + sprintf(at, "x%02x", c);
}

char *broker__quote(struct wire_slice text)
{
	const unsigned char *from = (const unsigned char *)text.data;
	char *quoted = malloc(text.len * 4 + 3), *at = quoted;
	if (!quoted)
		return NULL;
	*at++ = '"';
	for (size_t i = 0; i < text.len;) {
		size_t len = character_len(from + i, text.len - i);
		bool is_escaped = from[i] < 0x20 || from[i] == 0x7f || from[i] == '"' || from[i] == '\\';
		if (len == 0 || is_escaped) {
			at = escape(at, from[i++]);
			continue;
		}
		memcpy(at, from + i, len);
		at += len;
		i += len;
	}
	*at++ = '"';
	*at = 0;
	return quoted;
}
