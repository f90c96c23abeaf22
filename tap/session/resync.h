/* resync.h - find the next operation of a side after its boundaries were lost. Internal to tap.
 *
 * After a hole that may have cost a control line, payloads and operations look alike: a payload may hold whole operations,
 * chains of them, half operations, or one control line whose size swallows the real operation behind it, with the subjects
 * and sids of this very connection. So no number of valid operations in a row proves that they are real, and nothing of a
 * side is decoded before one of two things decides:
 *
 *   ALIGNMENT  Every line start is taken for a boundary, and all alignments are followed at once; those that meet at one
 *              byte are one from there on, and one that does not parse ends. The operation that was under way at the hole
 *              ends within the longest payload and the longest control line. After so many bytes one of the alignments
 *              followed must be the real one, and no new ones are begun. A boundary that all of those left share is real.
 *
 *   PUSHES     A sender that writes whole operations ends its packets where an operation ends (see `pushed` in tap/stream/flow.h).
 *              Eight pushes in a row must be boundaries of one alignment. The text of a payload does not know where packets
 *              end. Only text that repeats could meet all of them, if the distances between them are multiples of what it
 *              repeats after: so either there is one operation between any two of them, or the greatest common divisor
 *              of the distances is smaller than any message is long. Used only while the side did not end a packet inside
 *              an operation lately, which the caller knows (trusts_pushes).
 *
 * When there is no memory to follow all alignments, or none is left, the first rule begins again with the byte after.
 * Work is linear in the bytes, but for a heap of bounded size; memory is bounded. Nothing is kept but the beginning of a
 * line and the places where alignments go on. */
#ifndef TAP_SESSION_RESYNC_H
#define TAP_SESSION_RESYNC_H

#include "tap/stream/flow.h"
#include "wire/parse.h"

enum {
	TAP__RESYNC_PUSHES = 8,
	TAP__RESYNC_ALIGNMENTS_MAX = 1 << 14, /* followed at once */
};

/* What is known of the side whose bytes these are. */
struct tap__resync_rules {
	uint32_t verbs; /* that it may say: bit 1 << enum wire_verb */
	struct wire_limits limits;
	uint64_t payload_max; /* no operation under way at the hole had a longer payload */
	bool is_nats;         /* known to be; else the alignment must hold operations that only NATS has */
	bool trusts_pushes;
};

/* An alignment: where its next operation begins. */
struct tap__alignment {
	uint64_t at;     /* position, from the hole on; TAP__NOWHERE: there is none */
	bool needs_crlf; /* there must be one before it, and not just a line end */
	uint8_t strong;  /* operations so far that only NATS has, up to 255 */
};

#define TAP__NOWHERE UINT64_MAX

struct tap__resync {
	uint64_t at;        /* bytes taken, but for those of `line` */
	uint64_t since;     /* position from which on every line start is taken for a boundary */
	bool is_line_start; /* at `at` */
	bool is_after_crlf; /* at `at` */
	bool is_candidate;  /* the line at `at` may begin an operation for all that the first rule knows */
	bool is_examining; /* that, or an alignment of the pushes goes on there: its beginning is in `line` */
	char last;         /* the byte before `at` */
	uint8_t strong;    /* of the alignments that have a boundary at `at` */

	char *line; /* owned */
	size_t line_len, line_cap;
	size_t line_need; /* without a line end, parsing less than this tells nothing new */

	struct tap__alignment *heap; /* owned; the one that goes on first leads */
	size_t heap_len, heap_cap;

	struct tap__alignment pushed; /* that has a boundary at every push since push 0 */
	uint32_t pushes;              /* after push 0 */
	uint32_t operations;          /* since the last push */
	bool is_single;               /* never more than one operation between two pushes */
	uint64_t last_push, divisor;  /* the greatest common one of the distances */

	struct tap_budget *budget; /* borrowed */
};

/* budget is borrowed for its life. */
void tap__resync_init(struct tap__resync *resync, struct tap_budget *budget);
void tap__resync_fini(struct tap__resync *resync);

/* No boundary is known from the next byte on. is_line_start: the next byte may begin an operation. */
void tap__resync_begin(struct tap__resync *resync, bool is_line_start);

/* Take bytes. True when bytes[*taken] begins an operation; else all were taken. */
bool tap__resync_take(struct tap__resync *resync, const struct tap__resync_rules *rules,
		      struct wire_slice bytes, size_t *taken);

/* The bytes taken so far end what the sender wrote. True when the next byte begins an operation. */
bool tap__resync_push(struct tap__resync *resync, const struct tap__resync_rules *rules);

#endif
