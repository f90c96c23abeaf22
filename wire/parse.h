/* parse.h - cut one protocol operation out of a byte buffer.
 *
 * Pure: no allocation, I/O, clock or globals, so the broker's connections, the sniffer's streams and the
 * fuzzer all run the same function. Both directions are one grammar: what a client may say (CONNECT, PUB,
 * HPUB, SUB, UNSUB, PING, PONG) and what a server may say (INFO, MSG, HMSG, +OK, -ERR, PING, PONG).
 * Grammar: the NATS documentation, "NATS Protocol"; corner cases follow nats-server 2.9.10: verbs in any case; blanks
 * are spaces and tabs; a line ends in CRLF or LF; bytes after PING, PONG and +OK on their line are ignored; INFO and
 * CONNECT need no blank before their text; numbers have at most 9 digits.
 * Stricter than nats-server in three places, where its result depends on how the bytes were split over reads, or where
 * it would let a line grow without bound: LF always ends the line; a CR elsewhere in a line of words is WIRE_EARGUMENT;
 * max_control_line also limits blanks before the arguments, and bytes after PING, PONG and +OK. */
#ifndef WIRE_PARSE_H
#define WIRE_PARSE_H

#include <stdint.h>

#include "wire/error.h"
#include "wire/slice.h"

enum wire_verb {
	WIRE_INFO,
	WIRE_CONNECT,
	WIRE_PUB,
	WIRE_HPUB,
	WIRE_SUB,
	WIRE_UNSUB,
	WIRE_MSG,
	WIRE_HMSG,
	WIRE_PING,
	WIRE_PONG,
	WIRE_OK,
	WIRE_ERR,
	WIRE_VERBS
};

struct wire_limits {
	uint32_t max_control_line; /* bytes of arguments; blanks before them and the line end not counted */
	uint32_t max_payload;      /* bytes of headers and payload together */
};

/* One operation. Slices borrow the parsed buffer; those that the verb does not have are empty. */
struct wire_op {
	enum wire_verb verb;
	struct wire_slice subject;   /* PUB HPUB SUB MSG HMSG */
	struct wire_slice reply;     /* PUB HPUB MSG HMSG */
	struct wire_slice queue;     /* SUB: queue group */
	struct wire_slice sid;       /* SUB UNSUB MSG HMSG */
	struct wire_slice args;      /* INFO CONNECT: the JSON text; -ERR: the text without its quotes */
	struct wire_slice size_text; /* PUB MSG: the size, HPUB HMSG: "hdr total", as it stood on the wire */
	struct wire_slice headers;   /* HPUB HMSG: the header block, status line and final CRLF included */
	struct wire_slice payload;   /* PUB HPUB MSG HMSG: the body without headers and CRLF */
	uint64_t max;                /* UNSUB: deliveries since SUB, 0 = at once; no number counts as 0 */
};

/* Parse the first operation of buf[0..len).
 *
 * Returns the bytes consumed (> 0) with *op filled in; 0 when the operation is incomplete, with *need set
 * to the smallest length worth calling again with (always > len; exact once the control line is complete);
 * or a negative code, after which no boundary is known and the stream must be closed or resynchronised. The
 * result for a buffer is the result for any longer one that begins with it, unless it is 0. Codes:
 *   WIRE_EPROTOCOL  unknown verb (as early as its first wrong byte), an empty line, payload without CRLF
 *   WIRE_EARGUMENT  wrong number of arguments, bad number, header size larger than the total size
 *   WIRE_ELINE      arguments longer than limits->max_control_line
 *   WIRE_EPAYLOAD   size larger than limits->max_payload; returned as soon as the control line is complete
 * The slices in *op borrow buf. On 0 and on error *op is unspecified. */
int64_t wire_parse(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
		   size_t *need);

/* The control line alone: as wire_parse, but what follows it need not be there. Returns the bytes of the
 * line with its line end; *body is the number of bytes that follow the line (headers, payload and CRLF; 0
 * for a verb without payload). op->headers and op->payload have their true lengths and data == NULL. */
int64_t wire_parse_line(const char *buf, size_t len, const struct wire_limits *limits, struct wire_op *op,
			size_t *body, size_t *need);

/* The verb as upper-case text, "PUB" or "+OK". Static; "unknown" for anything else. */
const char *wire_verb_name(enum wire_verb verb);

#endif
