/* opaque.h - what NATS connections carry that is not the plain protocol: recognised by its first bytes, not decoded.
 * Internal to tap. */
#ifndef TAP_SESSION_OPAQUE_H
#define TAP_SESSION_OPAQUE_H

#include "tap/session/dialogue.h"

/* What the bytes are that a connection goes on with where an operation should begin; TAP_OPAQUES: nothing we know. */
enum tap_opaque tap__opaque_recognise(struct wire_slice bytes);

/* The first bytes of a request that may ask for a WebSocket. */
bool tap__opaque_is_get(struct wire_slice bytes);

/* A server's answer to such a request, or a part of it: a WebSocket that carries an INFO. */
bool tap__opaque_has_info(struct wire_slice bytes);

#endif
