/* outgoing.h - a message as it follows a head "MSG subject sid " in the output of a receiver. Inside this folder. */
#ifndef BROKER_OUTGOING_H
#define BROKER_OUTGOING_H

#include <stdbool.h>
#include <stdlib.h>

#include "wire/parse.h"

struct broker__outgoing {
	const struct wire_op *op;
	struct wire_slice whole; /* reply, sizes, line end, headers, payload, line end */
	struct wire_slice bare;  /* likewise without the headers; empty until needed */
	size_t size, bare_size;  /* bytes as counted: with and without headers */
	bool has_headers;
	char *rewritten, *rewritten_bare; /* owned, when the line was not in its shortest form */
};

/* Fill in `bare`, for receivers without headers. False when out of memory. */
bool broker__outgoing_strip(struct broker__outgoing *outgoing);
/* Fill in `whole` with a line in its shortest form. False when out of memory. */
bool broker__outgoing_rewrite(struct broker__outgoing *outgoing);

/* The operation as it was received, up to its end, if it has the shortest form: single blanks, CRLF. Else an empty
 * slice. */
static inline struct wire_slice broker__as_received(const struct wire_op *op, const char *end)
{
	const char *start = op->size_text.data, *line_end = op->size_text.data + op->size_text.len;
	const char *content = op->headers.len > 0 ? op->headers.data : op->payload.data;
	if (op->reply.len > 0) {
		start = op->reply.data;
		if (start + op->reply.len + 1 != op->size_text.data || start[op->reply.len] != ' ')
			return wire_slice(NULL, 0);
	}
	if (line_end + 2 != content || *line_end != '\r')
		return wire_slice(NULL, 0);
	return wire_slice(start, (size_t)(end - start));
}

/* False when out of memory. HPUB with a header size of 0 is delivered as a plain message of the total size, as in
 * nats-server. */
static inline bool broker__outgoing_init(struct broker__outgoing *outgoing, const struct wire_op *op,
					 const char *end)
{
	outgoing->op = op;
	outgoing->has_headers = op->headers.len > 0;
	outgoing->size = op->headers.len + op->payload.len;
	outgoing->bare_size = op->payload.len;
	outgoing->rewritten = outgoing->rewritten_bare = NULL;
	outgoing->bare = wire_slice(NULL, 0);
	if (op->verb == WIRE_HPUB && !outgoing->has_headers)
		return broker__outgoing_strip(outgoing) && (outgoing->whole = outgoing->bare, true);
	outgoing->whole = broker__as_received(op, end);
	if (outgoing->whole.data)
		return true;
	return broker__outgoing_rewrite(outgoing);
}

static inline void broker__outgoing_fini(struct broker__outgoing *outgoing)
{
	if (outgoing->rewritten || outgoing->rewritten_bare) {
		free(outgoing->rewritten);
		free(outgoing->rewritten_bare);
	}
}

/* The operation was moved in memory: *op, which ends at `end`, is the same operation. */
void broker__outgoing_move(struct broker__outgoing *outgoing, const struct wire_op *op, const char *end);

#endif
