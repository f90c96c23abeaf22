/* tcp.h - TCP over IP, synthesised: handshake, data, acknowledgements, end. Internal to export/pcapng.
 *
 *	client                       server
 *	  │ ──────────── SYN ────────▶ │
 *	  │ ◀───────── SYN ACK ─────── │   segments of at most 60,000 bytes, windows of 1 MiB
 *	  │ ──────────── ACK ────────▶ │
 *	  │ ── segments, PSH ACK ────▶ │   each acknowledges all that the other side has sent
 *	  │ ◀────────── ACK ────────── │   when 128 KiB were sent without an answer
 *	  │ ────────── FIN ACK ──────▶ │
 *	  │ ◀───────── FIN ACK ─────── │
 *	  │ ──────────── ACK ────────▶ │
 *
 * Checksums are right, except that of a segment whose bytes are not all known: it is 0. */
#ifndef EXPORT_PCAPNG_TCP_H
#define EXPORT_PCAPNG_TCP_H

#include "export/pcapng/connections.h"
#include "export/text/out.h"

enum {
	/* Of data in a segment, as on a loopback interface: most operations are one packet, and a reader that keeps the segments of
	 * an operation in a list has a short one. */
	EXPORT__SEGMENT_BYTES = 60000,
	EXPORT__ACK_BYTES = 1 << 17, /* sent without an acknowledgement */
	EXPORT__PIECES = 5,
};

struct export__tcp {
	struct export_out *out; /* borrowed */
	uint64_t packets;
};

/* Data that one side sends at a time. */
struct export__data {
	/* In their order; a piece without data stands for bytes that are not known. */
	struct wire_slice pieces[EXPORT__PIECES];
	unsigned count;
	int64_t time_ns;
	struct wire_slice comment; /* of the first packet */
};

/* The handshake of a new connection. comment: of its first packet. */
void export__tcp_open(struct export__tcp *tcp, struct export__connection *connection, int64_t time_ns,
		      struct wire_slice comment);

/* Send data in segments, the last of which is marked PSH. */
void export__tcp_send(struct export__tcp *tcp, struct export__connection *connection, enum export__side from,
		      const struct export__data *data);

/* The end of a connection. comment: of its first packet. */
void export__tcp_close(struct export__tcp *tcp, struct export__connection *connection, int64_t time_ns,
		       struct wire_slice comment);

#endif
