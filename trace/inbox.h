/* inbox.h - which subjects are inboxes: reply subjects that clients generate for their requests.
 *
 * An inbox is a prefix followed by unique tokens. nats.c and nats.go subscribe once to _INBOX.<connection>.* and give
 * each request a last token of its own; their older style is one _INBOX.<unique> for each request. The prefix is
 * _INBOX unless the user chose another (--inbox-prefix of natscli, CustomInboxPrefix of nats.go). A recording holds
 * many clients, so subjects below _INBOX are inboxes whatever prefix was chosen. */
#ifndef TRACE_INBOX_H
#define TRACE_INBOX_H

#include <stdbool.h>

#include "wire/slice.h"

/* The prefix of clients whose user chose none, and the pattern of their inboxes. */
#define TRACE_INBOX_PREFIX  "_INBOX"
#define TRACE_INBOX_PATTERN TRACE_INBOX_PREFIX ".>"

/* The inboxes besides those below TRACE_INBOX_PREFIX. Zeroed = none. */
struct trace_inboxes {
	const char *prefix; /* subjects below it, as of --inbox-prefix; NULL = none. Borrowed */
	const char *const
	    *patterns; /* subjects that match one of them; NULL-terminated, NULL = none. Borrowed */
};

/* The subject is below TRACE_INBOX_PREFIX. Inline: `cat` asks for every message that it prints. */
static inline bool trace_has_inbox_prefix(struct wire_slice subject)
{
	const struct wire_slice prefix = WIRE_LITERAL(TRACE_INBOX_PREFIX ".");
	return subject.len > prefix.len && memcmp(subject.data, prefix.data, prefix.len) == 0;
}

/* The subject is an inbox. inboxes may be NULL. */
bool trace_is_inbox(const struct trace_inboxes *inboxes, struct wire_slice subject);

#endif
