/* ops.h - what each verb of a client does, inside this folder. */
#ifndef BROKER_OPS_H
#define BROKER_OPS_H

#include "broker/server.h"
#include "broker/turn.h"

/* Do what a parsed operation asks; `end` is where it ends in the buffer. BROKER__AGAIN: it is to be called again with the
 * same operation in a later turn, and client->is_begun is true until then. */
enum broker__progress broker__op(struct broker_client *client, const struct wire_op *op, const char *end);

/* A message of a client that has been seen before, about which there is nothing to be said. */
static inline bool broker__op_is_usual(const struct broker_client *client, const struct wire_op *op)
{
	return op->verb == WIRE_PUB && client->is_announced && !client->pedantic &&
	       !client->loop->broker->wants_trace;
}

/* Busy publishers, several messages at once (bulk.c). Both return the bytes of what they obeyed, 0 when there is nothing
 * for them to do: broker__op goes on. They stop when the turn is over; client->is_begun says whether in the middle of the
 * next message.
 *
 * The messages at the start of data[0..len) that are like *first, which was obeyed just before them. */
size_t broker__op_batch(struct broker_client *client, const struct wire_op *first, const char *data,
			size_t len, const struct wire_limits *limits);
/* Any messages, for a client that has BROKER__ROUTES_FAR routes and more: their memory is fetched ahead. */
size_t broker__op_ahead(struct broker_client *client, const char *data, size_t len,
			const struct wire_limits *limits);

/* `+OK`, when the client asked for it. */
void broker__answer_ok(struct broker_client *client);

/* What could not be parsed: tell the client and close (code: WIRE_E*). */
void broker__op_failed(struct broker_client *client, int code);

/* CONNECT (connect.c). */
void broker__op_connect(struct broker_client *client, struct wire_slice json);
/* Its password was verified: go on where CONNECT, and the reading, stopped. May take *connect. */
struct broker__proof;
void broker__op_connect_verified(struct broker_client *client, struct wire_connect *connect,
				 const struct broker__proof *proof);

/* The first operation of a client that sent no CONNECT. False when it must: it is being closed then. */
bool broker__op_without_connect(struct broker_client *client);

#endif
