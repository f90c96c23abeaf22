/* ops.h - what each verb of a client does, inside this folder. */
#ifndef BROKER_OPS_H
#define BROKER_OPS_H

#include "broker/server.h"

/* Do what a parsed operation asks; `end` is where it ends in the buffer. */
void broker__op(struct broker_client *client, const struct wire_op *op, const char *end);

/* What could not be parsed: tell the client and close (code: WIRE_E*). */
void broker__op_failed(struct broker_client *client, int code);

/* CONNECT (connect.c). */
void broker__op_connect(struct broker_client *client, struct wire_slice json);

/* The first operation of a client that sent no CONNECT. False when it must: it is being closed then. */
bool broker__op_without_connect(struct broker_client *client);

#endif
