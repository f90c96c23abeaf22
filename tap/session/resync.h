/* resync.h - find the next operation of a stream after its boundaries were lost. Internal to tap.
 *
 * After a hole that may have cost a control line, payloads and operations look alike. A payload may contain whole
 * operations, chains of them, half operations, or a control line whose size covers the real operation after it, with
 * the subjects and sids of this connection. So no number of valid operations proves that they are real. Nothing of a
 * stream is decoded before one of two rules decides:
 *
 *   ALIGNMENT  Every line start is taken for a boundary, and all alignments are followed at once. Alignments that reach
 *              the same byte become one; an alignment ends where it does not parse. The operation that was cut by the
 *              hole ends within the longest payload and the longest control line. After so many bytes the real alignment
 *              is among those followed, and no new ones are begun. A boundary that all remaining ones share is real.
 *
 *   PUSHES     A sender that writes whole operations ends its packets where an operation ends (`pushed` in
 *              tap/stream/flow.h). Eight successive pushes must be boundaries of one alignment. The text of a payload does
 *              not depend on where packets end. Only repetitive text could meet all pushes, if their distances are
 *              multiples of its period. So there must be a single operation between any two pushes, or the greatest common
 *              divisor of the distances must be less than any message is long. The rule applies only while the stream has
 *              not lately ended a packet inside an operation (trusts_pushes, which the caller sets).
 *
 * When there is no memory to follow all alignments, or none is left, the first rule starts again after the current byte.
 * The work is linear in the bytes, except for a heap of bounded size. Memory is bounded: only the beginning of a line and
 * the positions of the alignments are kept. */
#ifndef TAP_SESSION_RESYNC_H
#define TAP_SESSION_RESYNC_H

#include "tap/stream/flow.h"
#include "wire/parse.h"

enum {
	TAP__RESYNC_PUSHES = 8,
	TAP__RESYNC_ALIGNMENTS_MAX = 1 << 14, /* followed at a time */
};

/* Facts about the stream. */
struct tap__resync_rules {
	uint32_t verbs; /* that its sender may use: bit 1 << enum wire_verb */
	struct wire_limits limits;
	uint64_t payload_max; /* the longest payload that an operation cut by the hole can have */
	bool is_nats;         /* otherwise the alignment must contain operations that only NATS has */
	bool trusts_pushes;
};

/* A series of operations, one after the other. */
struct tap__alignment {
	uint64_t at; /* position of its next operation, counted from the hole; TAP__NOWHERE: no alignment */
	bool needs_crlf; /* a CRLF must precede it, not only LF */
	uint8_t strong;  /* operations so far that only NATS has, at most 255 */
};

#define TAP__NOWHERE UINT64_MAX

struct tap__resync {
	uint64_t at;        /* bytes taken, without those in `line` */
	uint64_t since;     /* every line start from this position on is taken for a boundary */
	bool is_line_start; /* at `at` */
	bool is_after_crlf; /* at `at` */
	bool is_candidate;  /* the line at `at` may begin an operation, by the first rule */
	bool is_examining;  /* by either rule: the line is parsed, and its beginning kept in `line` */
	char last;          /* the byte before `at` */
	uint8_t strong;     /* of the best alignment that has a boundary at `at` */

	char *line; /* owned */
	size_t line_len, line_cap;
	size_t line_need; /* an incomplete line shorter than this need not be parsed again */

	struct tap__alignment *heap; /* owned; a heap by `at` */
	size_t heap_len, heap_cap;

	struct tap__alignment pushed; /* the alignment that had a boundary at every push since push 0 */
	uint32_t pushes;              /* since push 0 */
	uint32_t operations;          /* since the last push */
	bool is_single;               /* there was at most one operation between any two pushes */
	uint64_t last_push, divisor;  /* divisor: the greatest common divisor of the distances */

	struct tap_budget *budget; /* borrowed */
};

/* Borrows the budget until fini. */
void tap__resync_init(struct tap__resync *resync, struct tap_budget *budget);
void tap__resync_fini(struct tap__resync *resync);

/* Begin: no boundary is known from the next byte on. is_line_start: the next byte may begin an operation. */
void tap__resync_begin(struct tap__resync *resync, bool is_line_start);

/* Take bytes up to a certain boundary. True when an operation begins at bytes[*taken]; otherwise all were
 * taken. */
bool tap__resync_take(struct tap__resync *resync, const struct tap__resync_rules *rules,
		      struct wire_slice bytes, size_t *taken);

/* The bytes taken so far end a write of the sender. True when the next byte begins an operation. */
bool tap__resync_push(struct tap__resync *resync, const struct tap__resync_rules *rules);

#endif
