/* suspicion.h - whether bytes begin with operations, when nothing tells that they do. Internal to tap.
 *
 * Pure. Stricter than the grammar: verbs as clients and servers write them, lines that end in CRLF, subjects of visible
 * bytes, sizes within the limit, and only what this side may say. */
#ifndef TAP_SUSPICION_H
#define TAP_SUSPICION_H

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

struct tap__suspicion {
	uint32_t verbs; /* that this side may say */
	uint32_t max_payload;
	bool is_start; /* these are the side's first bytes */
	bool is_first; /* nothing was seen or missed before them */
};

enum tap__verdict { TAP__WRONG, TAP__OPEN, TAP__RIGHT };

/* Do the bytes begin with operations that restore trust (see tap/operations.h)? RIGHT with the length of those that are
 * not trusted themselves; OPEN with the smallest length that may tell more. */
enum tap__verdict tap__suspicion_judge(const struct tap__suspicion *suspicion, struct wire_slice bytes,
				       size_t *untrusted, size_t *need);

#endif
