/* fold.h - subjects that differ by an id only, or in what comes after their first tokens, made one.
 *
 * An inbox becomes its prefix and '>': "_INBOX.>". With `tokens`, a token that is a number or looks like an id becomes '*':
 * "orders.4711.paid" is "orders.*.paid". What counts as an id:
 *
 *   digits                 4711, -3, 2026-11-28, 2026-11-28T03:12:00Z: begins with a digit or a minus, and holds only
 *                          digits and - _ : + T Z
 *   hexadecimal            8 digits or more, at least one of them 0 to 9; also after 0x
 *   UUID                   with its hyphens, also after a prefix and a hyphen
 *   ULID                   26 letters of one case and digits of Crockford's alphabet, beginning with 0 to 7
 *   random text            NUID, KSUID, nanoid, CUID, xid, …: 16 characters or more of letters, digits, - and _, at least
 *                          one a digit, where runs of digits, of small letters and of a capital with its small letters
 *                          are 3 long at most on average; without - and _ and with two digits before the last letter 4
 *
 * With `depth`, what comes after so many tokens becomes '>': at depth 2 "orders.eu.paid" is "orders.eu.>".
 *
 * A word in camel case, "eu-west-1" or "order-service-v2" is none. A token of ids like "order-4711" is none either: where the
 * id begins cannot be told from "shard-3". */
#ifndef TRACE_FOLD_H
#define TRACE_FOLD_H

#include <stdint.h>

#include "trace/inbox.h"

enum { TRACE_FOLD_BYTES = 4096 };

struct trace_fold {
	bool tokens;                         /* fold ids, not only inboxes */
	bool keeps_inboxes;                  /* inboxes are subjects like any other */
	uint32_t depth;                      /* tokens to keep; 0 = all */
	const struct trace_inboxes *inboxes; /* borrowed; NULL = only those below _INBOX */
	char text[TRACE_FOLD_BYTES];         /* of the last subject that was changed */
};

/* Inboxes are folded, and with `tokens` ids; no depth. Leaves the text as it is, which need not be zeroed. Borrows the inboxes. */
static inline void trace_fold_init(struct trace_fold *fold, bool tokens, const struct trace_inboxes *inboxes)
{
	fold->tokens = tokens;
	fold->keeps_inboxes = false;
	fold->depth = 0;
	fold->inboxes = inboxes;
}

/* The folded subject, never longer than the subject: the subject itself when nothing is folded, else in fold->text until the
 * next call. A subject longer than TRACE_FOLD_BYTES that is no inbox is returned as it is. Hot: once for every message; allocates nothing. */
struct wire_slice trace_fold(struct trace_fold *fold, struct wire_slice subject);

/* The token looks like an id. */
bool trace_fold_is_id(struct wire_slice token);

#endif
