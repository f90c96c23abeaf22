/* undecoded.h - recognise, by first bytes, the NATS connections that cannot be decoded. Internal to tap. */
#ifndef TAP_SESSION_UNDECODED_H
#define TAP_SESSION_UNDECODED_H

#include "tap/session/sessions.h"

/* The kind of the bytes that stand where an operation should begin. TAP_UNDECODED_KINDS: unknown. */
enum tap_undecoded_kind tap__undecoded_recognise(struct wire_slice bytes);

/* Do the bytes begin a request that may ask for a WebSocket? */
bool tap__undecoded_is_get(struct wire_slice bytes);

/* Is there an INFO in the answer to such a request, or in a part of it? */
bool tap__undecoded_has_info(struct wire_slice bytes);

#endif
