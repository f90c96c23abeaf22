#include "broker/outgoing.h"

#include <string.h>

#include "broker/output.h"
#include "wire/write.h"

static char *append(char *at, struct wire_slice piece)
{
	if (piece.len > 0)
		memcpy(at, piece.data, piece.len);
	return at + piece.len;
}

/* Write `[reply ]sizes CRLF [headers]payload CRLF` into new memory, sizes with single blanks. NULL when out of
 * memory. */
static char *rewrite(const struct wire_op *op, struct wire_slice sizes, struct wire_slice headers,
		     struct wire_slice *run)
{
	size_t cap = op->reply.len + 1 + sizes.len + 2 + headers.len + op->payload.len + 2 + BROKER__SLACK;
	char *start = malloc(cap), *at = start;
	if (!start)
		return NULL;
	if (op->reply.len > 0) {
		at = append(at, op->reply);
		*at++ = ' ';
	}
	for (size_t i = 0; i < sizes.len; i++) {
		bool is_blank = sizes.data[i] == ' ' || sizes.data[i] == '\t';
		if (!is_blank)
			*at++ = sizes.data[i];
		else if (at[-1] != ' ')
			*at++ = ' ';
	}
	at = append(at, WIRE_LITERAL("\r\n"));
	at = append(at, headers);
	at = append(at, op->payload);
	at = append(at, WIRE_LITERAL("\r\n"));
	*run = wire_slice(start, (size_t)(at - start));
	return start;
}

bool broker__outgoing_strip(struct broker__outgoing *outgoing)
{
	char digits[20];
	size_t len = wire_write_decimal(digits, outgoing->op->payload.len);
	outgoing->rewritten_bare =
	    rewrite(outgoing->op, wire_slice(digits, len), wire_slice(NULL, 0), &outgoing->bare);
	return outgoing->rewritten_bare != NULL;
}

bool broker__outgoing_rewrite(struct broker__outgoing *outgoing)
{
	const struct wire_op *op = outgoing->op;
	outgoing->rewritten = rewrite(op, op->size_text, op->headers, &outgoing->whole);
	return outgoing->rewritten != NULL;
}

void broker__outgoing_move(struct broker__outgoing *outgoing, const struct wire_op *op, const char *end)
{
	bool is_as_received = !outgoing->rewritten && outgoing->whole.data != outgoing->bare.data;
	outgoing->op = op;
	if (is_as_received)
		outgoing->whole = broker__as_received(op, end);
}
