/* dialogue.h - what the two sides of each connection say to each other: the listener at the seam (tap/stream/flow.h).
 *
 * Recognises NATS on any port: by INFO or CONNECT at the beginning of a side, or by what restores trust (tap/session/resync.h)
 * where the beginning was not seen. Tells the join (tap/session/join.h) what was said; keeps who is who, and who subscribed to what.
 * Who is the client is told by what it says. Other protocols are given up at their first bytes; a connection whose
 * beginning was not seen, after four mebibytes that were not understood.
 *
 * Where NATS is expected no connection is given up: each byte of its payload comes out in an operation, a partial message,
 * or a gap event, be it at the connection's end.
 *
 * What cannot be decoded (TLS, WebSocket, compression, links between servers) is named and counted. Credentials are read
 * over and never kept. */
#ifndef TAP_SESSION_DIALOGUE_H
#define TAP_SESSION_DIALOGUE_H

#include "tap/session/join.h"
#include "tap/stream/flow.h"

enum tap_opaque {
	TAP_OPAQUE_TLS,
	TAP_OPAQUE_WEBSOCKET,
	TAP_OPAQUE_COMPRESSED,
	TAP_OPAQUE_SERVERS, /* a route, leaf node or gateway */
	TAP_OPAQUES
};

struct tap_dialogue_options {
	const uint16_t *ports; /* where NATS is expected; borrowed for the dialogue's life */
	size_t ports_count;    /* 0: it is expected at port 4222 */
	uint64_t first_conn;   /* connections are numbered from here; not 0 */
	bool
	    names_servers; /* a mark (wire/mark.h) for each server whose id an INFO gives for the first time */
};

/* Bytes are those of TCP's payload, of connections that were recognised; those of a connection are counted when it
 * ends. */
struct tap_dialogue_stats {
	uint64_t connections, open_connections;
	uint64_t unrecognised; /* connections that are something else, as far as can be told */
	uint64_t
	    unrecognised_bytes; /* of these, until they were given up; see unwatched_bytes in tap/stream/streams.h */
	uint64_t refused; /* connections that found no memory */
	uint64_t opaque[TAP_OPAQUES], opaque_bytes[TAP_OPAQUES];
	uint64_t whole_bytes;       /* in operations that were seen whole */
	uint64_t partial_bytes;     /* seen of messages that were not */
	uint64_t lost_bytes;        /* missed, or seen and not understood */
	uint64_t gaps;              /* events */
	uint64_t undecodable_bytes; /* in gaps: seen and not understood */
};

struct tap_dialogue;

/* NULL when out of memory. Borrows join and budget until close. */
struct tap_dialogue *tap_dialogue_open(const struct tap_dialogue_options *options, struct tap_join *join,
				       struct tap_budget *budget);

/* Connections that are still open must have been closed through the seam. */
void tap_dialogue_close(struct tap_dialogue *dialogue);

/* Number connections from here on; before any is recognised. */
void tap_dialogue_set_first_conn(struct tap_dialogue *dialogue, uint64_t first_conn);

/* The listener, valid as long as the dialogue. */
struct tap_flow_handler *tap_dialogue_handler(struct tap_dialogue *dialogue);

const struct tap_dialogue_stats *tap_dialogue_stats(const struct tap_dialogue *dialogue);

/* "TLS", "WebSocket", "compressed", "between servers". Static. */
const char *tap_opaque_name(enum tap_opaque opaque);

#endif
