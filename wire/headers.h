/* headers.h - read the header block of a message, in place.
 *
 * `NATS/1.0[ status[ text]]\r\n` then `Key: value\r\n`… then `\r\n`. Order, case and repeated keys are kept: the
 * block is never rewritten, only walked. Servers do not validate headers, so a walk reports the first
 * malformed line and stops. Source: the NATS architecture decision record ADR-4. */
#ifndef WIRE_HEADERS_H
#define WIRE_HEADERS_H

#include "wire/error.h"
#include "wire/slice.h"

struct wire_headers {
	struct wire_slice status; /* "503" or empty */
	struct wire_slice text;   /* "No Responders" or empty */
	struct wire_slice rest;   /* lines not walked yet */
};

/* Start a walk over a header block; reads the status line. 0 or WIRE_EHEADER. Slices borrow block. */
int wire_headers_open(struct wire_headers *headers, struct wire_slice block);

/* The next key and value, the value without surrounding blanks. 1, 0 at the final empty line, or WIRE_EHEADER
 * for a line without a colon, with an empty key, without CRLF, or anything after the empty line. */
int wire_headers_next(struct wire_headers *headers, struct wire_slice *key, struct wire_slice *value);

/* The first value of key (case-sensitive, as in the NATS clients). False when there is none before the first
 * malformed line; *value is untouched then. */
bool wire_headers_get(struct wire_slice block, struct wire_slice key, struct wire_slice *value);

/* The key is this name, whatever the case of either. */
bool wire_headers_key_is(struct wire_slice key, const char *name);

#endif
