/* operations.h - what each operation of a client does, inside this folder. */
#ifndef BROKER_OPERATIONS_H
#define BROKER_OPERATIONS_H

#include "broker/client.h"
#include "broker/server.h"
#include "wire/parse.h"

/* Execute a parsed operation; `end` is where it ends in the buffer. BROKER__AGAIN: call again with the same operation in a
 * later turn; client->is_begun is true until then. */
enum broker__progress broker__op(struct broker_client *client, const struct wire_op *op, const char *end);

/* A plain PUB of a client that was announced, about which nothing needs to be said. */
static inline bool broker__op_is_usual(const struct broker_client *client, const struct wire_op *op)
{
	return op->verb == WIRE_PUB && client->is_announced && !client->options.pedantic &&
	       !client->loop->broker->wants_trace;
}

/* The input cannot be parsed: report it to the client and close it. code: WIRE_E*. */
void broker__op_failed(struct broker_client *client, int code);

#endif
