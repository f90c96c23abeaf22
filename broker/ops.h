/* ops.h - what each verb of a client does, inside this folder. */
#ifndef BROKER_OPS_H
#define BROKER_OPS_H

#include "broker/server.h"

/* Do what a parsed operation asks; `end` is where it ends in the buffer. */
void broker__op(struct broker_client *client, const struct wire_op *op, const char *end);

/* Do what the messages in data[0..len) ask that are like *first, which was obeyed just before them. Returns their bytes,
 * 0 when there are none or they are to be looked at one by one. */
size_t broker__op_run(struct broker_client *client, const struct wire_op *first, const char *data, size_t len,
		      const struct wire_limits *limits);

/* Do what the messages at the start of data[0..len) ask, with the memory of their routes fetched ahead: for a client whose
 * routes are more than the caches hold. Returns their bytes, 0 when there are none or they are no usual ones. */
size_t broker__op_ahead(struct broker_client *client, const char *data, size_t len,
			const struct wire_limits *limits);

/* What could not be parsed: tell the client and close (code: WIRE_E*). */
void broker__op_failed(struct broker_client *client, int code);

/* CONNECT (connect.c). */
void broker__op_connect(struct broker_client *client, struct wire_slice json);

/* The first operation of a client that sent no CONNECT. False when it must: it is being closed then. */
bool broker__op_without_connect(struct broker_client *client);

#endif
