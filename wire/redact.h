/* redact.h - hide credentials before a CONNECT or INFO is shown or stored. */
#ifndef WIRE_REDACT_H
#define WIRE_REDACT_H

#include "wire/slice.h"

/* The JSON text with the values of pass, auth_token, sig, jwt and nonce replaced by "[REDACTED]", and `user`
 * too when no pass goes with it (then it is a token: some clients send tokens so); at any depth, and whatever
 * the case of the keys. The text is written anew: white space goes. Text that is not a JSON object becomes
 * `"[REDACTED]"` whole: what cannot be understood cannot be shown to be harmless. Returns an owned
 * NUL-terminated string (free()), NULL when out of memory. */
char *wire_redact_json(struct wire_slice json);

#endif
