/* op_stream.h - parse one stream of a connection into operations, across holes. Internal to tap.
 *
 *   IN_SYNC   the next byte begins an operation, or continues the one whose beginning is kept
 *   SKIPPING  after a hole inside a body of known length: the rest of the body is skipped
 *   RESYNC    no boundary is known. At the start of a stream the first operations show whether it is NATS
 *             (tap/session/nats_start.h), and none of them is lost. Anywhere else bytes are lost until a boundary is
 *             certain: tap/session/resync.h finds it, or the sender's silence shows it. A sender that ends a packet with a
 *             line, is silent for two seconds, and then sends a short packet of whole operations, begins an operation
 *             with that packet, unless it lately ended packets inside operations
 *
 *          a hole inside a body ┌──────────┐ its last byte
 *     ┌───────────────────────▶ │ SKIPPING │ ──────────────┐
 *     │                         └────┬─────┘               ▼
 *   IN_SYNC ◀── a certain boundary ── RESYNC ◀── any other hole, or bytes that are no operation ── IN_SYNC
 *
 * Bytes before and after a hole are never joined. Every byte that was fed comes out in exactly one item: an operation, a
 * partial message, or a gap. This module knows nothing of connections, events or the other stream. */
#ifndef TAP_SESSION_OP_STREAM_H
#define TAP_SESSION_OP_STREAM_H

#include "tap/session/nats_start.h"
#include "tap/session/op_buffer.h"
#include "tap/session/resync.h"
#include "tap/stream/flow.h"

/* Why bytes did not become an operation. The first reasons are those of enum tap_hole. */
enum tap__why {
	TAP__LOST = TAP_HOLE_LOST,
	TAP__CUT = TAP_HOLE_CUT,
	TAP__LIMIT = TAP_HOLE_LIMIT,
	TAP__UNPARSED, /* they are no operation, or not certain to be one */
	TAP__ENDED,    /* the connection or the capture ended inside an operation */
	TAP__WHYS
};

struct tap__gap {
	uint64_t bytes;         /* missed, or seen and not understood; 0 = no gap */
	int64_t from_ns, to_ns; /* from the last byte that was understood to the next one */
	enum tap__why why;      /* the reason of its first byte */
};

enum tap__item {
	TAP__MORE,    /* no item until more bytes are fed */
	TAP__OP,      /* `op` is a whole operation */
	TAP__PARTIAL, /* `op` is a message with the payload up to a hole; announced_bytes is its size */
	TAP__GAP,     /* `reported` is a gap */
	TAP__DESYNC, /* the next bytes (tap__op_stream_rest) are no operation; the next call begins to search for a boundary */
};

struct tap__op_stream {
	enum { TAP__IN_SYNC, TAP__SKIPPING, TAP__RESYNC } mode;
	bool is_start;    /* nothing was missed or rejected so far */
	bool has_partial; /* `op` is a partial message that is not reported yet */
	bool is_nats;     /* known to carry NATS */
	uint32_t verbs;   /* that its sender may use: bit 1 << enum wire_verb */
	struct wire_limits limits;
	uint64_t payload_max; /* of the server, or the longest operation seen */
	int64_t
	    quiet_since_ns; /* when the sender's last write ended; INT64_MAX: it has not ended, or that is unknown */
	uint32_t
	    pushes_wanted; /* successive ones that must end with an operation before pushes are evidence again */
	struct tap__resync resync; /* used in RESYNC after the start */

	struct tap__op_buffer buffer;
	int64_t time_ns; /* of the input */
	int64_t last_ns; /* of the last byte that was understood */

	struct wire_op op;
	uint64_t announced_bytes; /* of a partial message's payload */
	uint64_t skip;            /* bytes of a body to be skipped, its CRLF included */
	struct tap__gap gap;      /* collected so far */
	struct tap__gap reported; /* the last one reported */

	uint64_t whole_bytes, partial_bytes,
	    lost_bytes;          /* what became of the bytes fed so far, except those kept */
	uint64_t rejected_bytes; /* seen and not understood since this stream was last in sync */
};

/* Begin in RESYNC. is_start: the first byte fed is the first one of the stream. Borrows the budget until fini.
 * Until the server's limit is set its default is assumed, and longer payloads are accepted. */
void tap__op_stream_init(struct tap__op_stream *stream, bool is_start, struct tap_budget *budget);
void tap__op_stream_fini(struct tap__op_stream *stream);

/* Feed bytes, a hole, or the end. _next must have returned TAP__MORE before each of these calls. Bytes are
 * borrowed until it does so again. */
void tap__op_stream_feed(struct tap__op_stream *stream, int64_t time_ns, struct wire_slice bytes);
void tap__op_stream_hole(struct tap__op_stream *stream, int64_t time_ns, uint64_t bytes, enum tap_hole why);
void tap__op_stream_end(struct tap__op_stream *stream, int64_t time_ns);

/* The bytes fed last end a write of the sender (`pushed` in tap/stream/flow.h). _next must have returned
 * TAP__MORE. */
void tap__op_stream_push(struct tap__op_stream *stream);

/* The stream was silent since then. Call before the first bytes. */
void tap__op_stream_set_quiet(struct tap__op_stream *stream, int64_t since_ns);

/* Set the server's payload limit, in bytes. */
void tap__op_stream_set_max_payload(struct tap__op_stream *stream, uint64_t max_payload);

/* The next item. What it points to is valid until the next call. */
enum tap__item tap__op_stream_next(struct tap__op_stream *stream);

/* The bytes that were fed and not consumed, as far as they are contiguous. */
struct wire_slice tap__op_stream_rest(const struct tap__op_stream *stream);

/* The stream is known to carry NATS: it is in sync unless bytes were missed before. */
void tap__op_stream_trust(struct tap__op_stream *stream);

/* Stop: count what is kept and what was fed as lost. Returns these bytes and those of the gap that was not
 * reported yet. */
uint64_t tap__op_stream_drop(struct tap__op_stream *stream);

#endif
