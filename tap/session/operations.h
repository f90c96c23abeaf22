/* operations.h - the bytes of one side of a connection as operations, across holes. Internal to tap.
 *
 *   IN STEP   the next byte begins an operation, or goes on with the one whose beginning is kept
 *   SKIPPING  after a hole inside a body of known length: its rest is counted off, not kept
 *   HUNTING   no boundary is known. At the very beginning of a side the first operations tell whether it is NATS
 *             (tap/session/suspicion.h), and none of them is lost. Anywhere else the bytes are lost until one is certain to begin
 *             an operation: tap/session/resync.h tells, or the sender does by its silence. Who ends a packet with a line, says
 *             nothing for two seconds, and then sends a short packet of whole operations, begins one with it, if it did not
 *             end packets inside operations lately
 *
 *          a hole inside a body ┌──────────┐ its last byte
 *     ┌───────────────────────▶ │ SKIPPING │ ───────────────┐
 *     │                         └────┬─────┘                ▼
 *   IN STEP ◀── a certain boundary ── HUNTING ◀── any other hole, or bytes that are no operation ── IN STEP
 *
 * Bytes on either side of a hole are never joined. Every byte fed comes out in exactly one item: in an operation, in a
 * partial message, or counted in a gap. Knows nothing of connections, events or the other side. */
#ifndef TAP_SESSION_OPERATIONS_H
#define TAP_SESSION_OPERATIONS_H

#include "tap/session/resync.h"
#include "tap/session/suspicion.h"
#include "tap/stream/flow.h"

/* Why bytes came to nothing. The first ones are those of enum tap_hole. */
enum tap__why {
	TAP__LOST = TAP_HOLE_LOST,
	TAP__CUT = TAP_HOLE_CUT,
	TAP__LIMIT = TAP_HOLE_LIMIT,
	TAP__UNDECODABLE, /* they are no operation, or cannot be trusted to be one */
	TAP__ENDED,       /* the connection, or the capture, ended inside an operation */
	TAP__WHYS
};

struct tap__gap {
	uint64_t bytes;         /* not seen, or seen and not understood; 0 = there is no gap */
	int64_t from_ns, to_ns; /* from the last byte that was understood to the first one that is again */
	enum tap__why why;      /* what began it */
};

enum tap__item {
	TAP__MORE,    /* nothing until more is fed */
	TAP__OP,      /* op: one whole operation */
	TAP__PARTIAL, /* op: a message with the payload up to where its bytes were missed; announced_bytes */
	TAP__GAP,     /* told */
	TAP__ASTRAY,  /* what follows (tap__operations_rest) is no operation; the next call begins to hunt */
};

struct tap__operations {
	enum { TAP__IN_STEP, TAP__SKIPPING, TAP__HUNTING } mode;
	bool is_start;    /* nothing of this side was missed or rejected so far */
	bool has_partial; /* `op` is a message that was cut short, yet to be told */
	bool is_nats;     /* known to be */
	uint32_t verbs;   /* that this side may say: bit 1 << enum wire_verb */
	struct wire_limits limits;
	uint64_t payload_max; /* of the server, or the longest seen when that is longer */
	int64_t
	    quiet_since_ns; /* the end of what the sender wrote last; INT64_MAX: that has not ended, or is not known */
	uint32_t pushes_wanted;    /* that end with an operation, in step, before pushes are evidence again */
	struct tap__resync resync; /* hunting, but not at the start */

	struct wire_slice input; /* borrowed, not consumed yet */
	int64_t time_ns;         /* of the input */
	int64_t last_ns;         /* of the last byte that was understood */

	char *kept; /* owned: the beginning of an operation; hunting at the start: what may yet be one */
	size_t kept_at, kept_len, kept_cap;
	size_t need; /* kept bytes, from kept_at, without which parsing tells nothing new */
	struct tap_budget *budget;

	struct wire_op op;
	uint64_t announced_bytes; /* of a partial message's payload */
	uint64_t skip;            /* bytes of a body still to be counted off, its CRLF included */
	struct tap__gap gap;      /* being collected */
	struct tap__gap told;     /* the one told last */

	uint64_t whole_bytes, partial_bytes,
	    lost_bytes;          /* what came of the bytes fed so far, but those kept */
	uint64_t rejected_bytes; /* seen and not understood, since this side was last in step */
};

/* Begins to hunt. is_start: the first byte will be the side's first. budget is borrowed for the side's life. Until
 * _set_max_payload says otherwise, the server's limit is taken for its default, and longer payloads are understood. */
void tap__operations_init(struct tap__operations *side, bool is_start, struct tap_budget *budget);
void tap__operations_fini(struct tap__operations *side);

/* Bytes, or a hole, or the end. Borrows bytes until _next has said TAP__MORE, which it must have said before each of
 * these calls. */
void tap__operations_feed(struct tap__operations *side, int64_t time_ns, struct wire_slice bytes);
void tap__operations_hole(struct tap__operations *side, int64_t time_ns, uint64_t bytes, enum tap_hole why);
void tap__operations_end(struct tap__operations *side, int64_t time_ns);

/* The bytes fed last end what the sender wrote (`pushed` in tap/stream/flow.h). When _next has said TAP__MORE. */
void tap__operations_push(struct tap__operations *side);

/* Nothing of the side was to be seen since then; before the first bytes. */
void tap__operations_set_quiet(struct tap__operations *side, int64_t since_ns);

/* The server's limit, in bytes. */
void tap__operations_set_max_payload(struct tap__operations *side, uint64_t max_payload);

/* The next item. What it points to is valid until the next call. */
enum tap__item tap__operations_next(struct tap__operations *side);

/* What was fed and has not come out yet, as far as it is in one piece. */
struct wire_slice tap__operations_rest(const struct tap__operations *side);

/* It is NATS: this side is in step if nothing of it was missed. */
void tap__operations_trust(struct tap__operations *side);

/* Nothing more is to come out: count what is kept and what was fed as lost, and return how much that is, with what was
 * lost before and not told yet. */
uint64_t tap__operations_drop(struct tap__operations *side);

#endif
