/* early.h - replies that came before their requests.
 *
 * Where the clocks of two merged recordings disagree, the reply of one may come before the request of the other. Replies to
 * inboxes that answer no request are kept for a second, the newest thousand or so of them. */
#ifndef TRACE_EARLY_H
#define TRACE_EARLY_H

#include "trace/clients.h"

enum { TRACE_EARLY_SLOTS = 1024 };

struct trace_early_reply {
	uint64_t hash; /* of the subject; 0 = none */
	int64_t steady_ns;
	uint32_t origin;          /* the input, as wire_source_origin */
	uint32_t client, service; /* of who published it */
};

/* Zeroed = empty. By the hash: a later one takes the place of an earlier one. */
struct trace_early {
	struct trace_early_reply slots[TRACE_EARLY_SLOTS];
};

/* Keep a message to an inbox, published by the client of the source's event. */
void trace_early_add(struct trace_early *early, const struct wire_event *reply,
		     struct trace_clients *clients);

/* Take the reply to a request of another input, `origin`, out of the table. NULL when there is none. Valid until the next call of
 * trace_early_add. */
const struct trace_early_reply *trace_early_take(struct trace_early *early, const struct wire_event *request,
						 uint32_t origin);

#endif
