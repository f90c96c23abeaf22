/* regex.h - regular expressions (PCRE2), matched with bounds.
 *
 * Text is bytes, whatever its encoding. A regex serves one thread at a time: matching uses memory inside it. */
#ifndef WIRE_REGEX_H
#define WIRE_REGEX_H

#include "wire/error.h"
#include "wire/slice.h"

struct wire_regex;

/* 0 with *regex, -ENOMEM, or STORE_EFILTER with *fault naming the place in the pattern. */
int wire_regex_open(struct wire_regex **regex, struct wire_slice pattern, struct wire_fault *fault);
void wire_regex_close(struct wire_regex *regex); /* NULL is fine */

/* The pattern matches somewhere in the text. A pattern that needs too many steps for the text counts as not found. */
bool wire_regex_finds(const struct wire_regex *regex, struct wire_slice text);

/* The first match that begins at `from` or later: 1 with *match, a part of the text that may be empty; 0 when there is none;
 * -1 when the pattern needs too many steps for the text. */
int wire_regex_next(const struct wire_regex *regex, struct wire_slice text, size_t from,
		    struct wire_slice *match);

#endif
