/* suspicion.h - whether the first bytes of a side are NATS, and what a side may say. Internal to tap.
 *
 * Pure. Stricter than the grammar: lines that end in CRLF, and subjects of visible bytes. */
#ifndef TAP_SESSION_SUSPICION_H
#define TAP_SESSION_SUSPICION_H

#include <stdint.h>

#include "wire/parse.h"

enum { TAP__CONTROL_LINE_MAX = 32 << 10 }; /* INFO and CONNECT are long where clusters and tokens are */

/* Every verb, those of a client, those of a server. A client's INFO is understood, for it gives away that the client is
 * a server, too. */
enum {
	TAP__ANY_VERB = (1 << WIRE_VERBS) - 1,
	TAP__CLIENT_VERBS = 1 << WIRE_CONNECT | 1 << WIRE_PUB | 1 << WIRE_HPUB | 1 << WIRE_SUB |
			    1 << WIRE_UNSUB | 1 << WIRE_PING | 1 << WIRE_PONG | 1 << WIRE_OK | 1 << WIRE_INFO,
	TAP__SERVER_VERBS = 1 << WIRE_INFO | 1 << WIRE_MSG | 1 << WIRE_HMSG | 1 << WIRE_PING |
			    1 << WIRE_PONG | 1 << WIRE_OK | 1 << WIRE_ERR,
};

/* True for a verb that by itself tells nothing of the protocol: PING, PONG, +OK and -ERR are said elsewhere, too. */
static inline bool tap__is_weak(enum wire_verb verb)
{
	return verb == WIRE_PING || verb == WIRE_PONG || verb == WIRE_OK || verb == WIRE_ERR;
}

/* The side may say it. The text of INFO and CONNECT is an object. */
static inline bool tap__is_sayable(uint32_t verbs, const struct wire_op *op)
{
	bool is_text = op->verb == WIRE_INFO || op->verb == WIRE_CONNECT;
	return (verbs >> op->verb & 1) && (!is_text || (op->args.len > 0 && op->args.data[0] == '{'));
}

enum tap__verdict { TAP__WRONG, TAP__OPEN, TAP__RIGHT };

/* Do the first bytes of a side begin as NATS does: with INFO or CONNECT, or with two operations, one of which says more
 * than PING does? OPEN with the smallest length that may tell more. */
enum tap__verdict tap__suspicion_judge(uint32_t verbs, const struct wire_limits *limits,
				       struct wire_slice bytes, size_t *need);

#endif
