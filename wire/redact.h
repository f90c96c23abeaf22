/* redact.h - hide credentials before a CONNECT, or a message with a server's URL, is shown. */
#ifndef WIRE_REDACT_H
#define WIRE_REDACT_H

#include "wire/slice.h"

/* The JSON text of a CONNECT, as it was written, with every value replaced by "[REDACTED]" that is not known to be
 * harmless: clients misspell the keys of their secrets. Harmless are the settings of the protocol, name, lang, version,
 * nkey (which is public), and `user` when a password goes with it (else it is a token, which some clients send as the
 * user). Text that is not a JSON object becomes `"[REDACTED]"` whole. Returns an owned NUL-terminated string (free()),
 * NULL when out of memory. */
char *wire_redact_connect(struct wire_slice json);

/* Copy a message for people into out[0..size), cut when it is too long, with *** in place of the password of every URL
 * `scheme://user:password@host` in it, of `user:password@host`, and of the token in `scheme://token@host`. */
void wire_redact_urls(const char *text, char *out, size_t size);

#endif
