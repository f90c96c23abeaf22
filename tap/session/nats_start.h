/* nats_start.h - whether a stream begins with NATS, and which verbs a peer may send. Internal to tap.
 *
 * Pure. Stricter than the grammar: lines must end in CRLF, and subjects must be of visible characters. */
#ifndef TAP_SESSION_NATS_START_H
#define TAP_SESSION_NATS_START_H

#include <stdint.h>

#include "wire/parse.h"

enum { TAP__CONTROL_LINE_MAX = 32 << 10 }; /* INFO and CONNECT are long in clusters and with tokens */

/* All verbs, those of a client, those of a server. INFO is allowed to a client because it shows that the client
 * is a server, too. */
enum {
	TAP__ANY_VERB = (1 << WIRE_VERBS) - 1,
	TAP__CLIENT_VERBS = 1 << WIRE_CONNECT | 1 << WIRE_PUB | 1 << WIRE_HPUB | 1 << WIRE_SUB |
			    1 << WIRE_UNSUB | 1 << WIRE_PING | 1 << WIRE_PONG | 1 << WIRE_OK | 1 << WIRE_INFO,
	TAP__SERVER_VERBS = 1 << WIRE_INFO | 1 << WIRE_MSG | 1 << WIRE_HMSG | 1 << WIRE_PING |
			    1 << WIRE_PONG | 1 << WIRE_OK | 1 << WIRE_ERR,
};

/* Is it a verb that other protocols have as well: PING, PONG, +OK, -ERR? */
static inline bool tap__is_weak(enum wire_verb verb)
{
	return verb == WIRE_PING || verb == WIRE_PONG || verb == WIRE_OK || verb == WIRE_ERR;
}

/* May a peer with these verbs send the operation? The argument of INFO and CONNECT must begin like an object. */
static inline bool tap__is_allowed(uint32_t verbs, const struct wire_op *op)
{
	bool is_text = op->verb == WIRE_INFO || op->verb == WIRE_CONNECT;
	return (verbs >> op->verb & 1) && (!is_text || (op->args.len > 0 && op->args.data[0] == '{'));
}

enum tap__start_verdict { TAP__START_OTHER, TAP__START_INCOMPLETE, TAP__START_NATS };

/* Do the first bytes of a stream begin with INFO or CONNECT, or with two operations of which one is not weak?
 * INCOMPLETE sets *need to the smallest length worth calling again with. */
enum tap__start_verdict tap__nats_start_check(uint32_t verbs, const struct wire_limits *limits,
					      struct wire_slice bytes, size_t *need);

#endif
