/* sessions.h - the NATS sessions in a capture: the handler at the seam (tap/stream/flow.h).
 *
 * NATS is recognised on any port: by INFO or CONNECT at the beginning of a stream, or by a certain boundary
 * (tap/session/resync.h) when the beginning was not seen. The operations show who is the client. What they mean
 * goes to the join (tap/session/join.h). Other protocols are given up at their first bytes; a connection whose
 * beginning was not seen is given up after 4 MiB that were not understood.
 *
 * Where NATS is expected no connection is given up: every byte of its payload comes out in an operation, in a
 * partial message or in a gap event, at the latest when the connection ends.
 *
 * NATS that cannot be decoded (TLS, WebSocket, compression, links between servers) is named and counted.
 * Credentials are skipped and never kept. */
#ifndef TAP_SESSION_SESSIONS_H
#define TAP_SESSION_SESSIONS_H

#include "tap/session/join.h"
#include "tap/stream/flow.h"

enum tap_undecoded_kind {
	TAP_UNDECODED_TLS,
	TAP_UNDECODED_WEBSOCKET,
	TAP_UNDECODED_COMPRESSED,
	TAP_UNDECODED_SERVERS, /* a route, leaf node or gateway */
	TAP_UNDECODED_KINDS
};

struct tap_sessions_options {
	const uint16_t *ports;  /* where NATS is expected; borrowed until close */
	size_t ports_count;     /* 0: NATS is expected at port 4222 */
	uint64_t first_conn;    /* the number of the first connection; not 0 */
	bool has_other_clients; /* servers have clients whose connections this source does not see */
	bool
	    names_servers; /* emit a mark (wire/mark.h) for each server when its id is first seen in an INFO */
};

/* Bytes are TCP payload of recognised connections. Those of a connection are counted when it ends. */
struct tap_sessions_stats {
	uint64_t connections, open_connections;
	uint64_t unrecognised; /* connections that carry something else, as far as the capture shows */
	uint64_t
	    unrecognised_bytes; /* bytes of these until they were given up; see also unwatched_bytes in tap/stream/reassembly.h */
	uint64_t refused; /* connections for which there was no memory */
	uint64_t undecoded[TAP_UNDECODED_KINDS], undecoded_bytes[TAP_UNDECODED_KINDS];
	uint64_t whole_bytes;    /* in operations that were seen whole */
	uint64_t partial_bytes;  /* the part that was seen of messages that were not seen whole */
	uint64_t lost_bytes;     /* missed, or seen and not understood */
	uint64_t gaps;           /* gap events */
	uint64_t unparsed_bytes; /* in gap events: seen and not understood */
};

struct tap_sessions;

/* Borrows join and budget until close. NULL when out of memory. */
struct tap_sessions *tap_sessions_open(const struct tap_sessions_options *options, struct tap_join *join,
				       struct tap_budget *budget);

/* Every connection must have been closed through the seam before. */
void tap_sessions_close(struct tap_sessions *sessions);

/* Set the number of the first connection. Call before one is recognised. */
void tap_sessions_set_first_conn(struct tap_sessions *sessions, uint64_t first_conn);

/* Of a flow that the handler has opened: at time_ns its client did not take all that was sent to it. */
void tap_sessions_note_held(void *flow, int64_t time_ns);

/* Is the server of the flow behind (tap_join_is_behind)? */
bool tap_sessions_is_behind(const struct tap_sessions *sessions, const void *flow, int64_t now_ns);

/* The handler, valid until close. */
struct tap_flow_handler *tap_sessions_handler(struct tap_sessions *sessions);

const struct tap_sessions_stats *tap_sessions_stats(const struct tap_sessions *sessions);

/* "TLS", "WebSocket", "compressed", "between servers". Static. */
const char *tap_undecoded_name(enum tap_undecoded_kind undecoded);

#endif
