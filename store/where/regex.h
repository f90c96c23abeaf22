/* regex.h - regular expressions (PCRE2), matched with bounds. Internal to store.
 *
 * Text is bytes, whatever its encoding. A pattern that needs too many steps for a text counts as not found there. A regex
 * serves one thread at a time: matching uses memory inside it. */
#ifndef STORE_WHERE_REGEX_H
#define STORE_WHERE_REGEX_H

#include "wire/error.h"
#include "wire/slice.h"

struct store__regex;

/* 0 with *regex, -ENOMEM, or STORE_EFILTER with *fault naming the place in the pattern. */
int store__regex_open(struct store__regex **regex, struct wire_slice pattern, struct wire_fault *fault);
void store__regex_close(struct store__regex *regex); /* NULL is fine */

/* The pattern matches somewhere in the text. */
bool store__regex_finds(const struct store__regex *regex, struct wire_slice text);

#endif
