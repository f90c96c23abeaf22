/* utf8.h - code points and their width on a terminal, independent of the locale.
 *
 * Valid UTF-8 is that of RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef EXPORT_TEXT_UTF8_H
#define EXPORT_TEXT_UTF8_H

#include <stdint.h>

#include "wire/slice.h"

/* Decode the code point at the start of data, which is not empty. Returns its length in bytes, 1 to 4; or 0 when the
 * first byte does not begin a valid one. *point is set only when the result is not 0. */
size_t export_utf8_decode(const char *data, size_t len, uint32_t *point);

bool export_utf8_is_valid(struct wire_slice text);

/* How many of the first bytes are printable ASCII. */
size_t export_utf8_plain(const char *data, size_t len);

/* The code point must not reach a terminal: it would move the cursor, change the state of the terminal, reorder the
 * line or hide in it. */
bool export_utf8_is_unsafe(uint32_t point);

/* Columns a terminal gives the code point: 0, 1 or 2; -1 when it is unsafe. */
int export_utf8_width(uint32_t point);

#endif
