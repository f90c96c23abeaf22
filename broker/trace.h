/* trace.h - trace lines in nats-server's layout, inside this folder: operations from a client (<<-), operations to it
 * (->>), and the end of its subscriptions (<->). */
#ifndef BROKER_TRACE_H
#define BROKER_TRACE_H

#include "broker/client.h"
#include "broker/server.h"

/* Whether trace lines are logged. Ask first, so that nothing is built in vain. */
static inline bool broker__traces(const struct broker_client *client)
{
	return __builtin_expect(client->loop->broker->wants_trace, false);
}

void broker__trace_op(const struct broker_client *client, const struct wire_op *op);
/* "PONG", "OK" and the like. */
void broker__trace_answer(const struct broker_client *client, const char *text);
/* A message is handed to a subscription, with or without its headers. */
void broker__trace_delivery(const struct broker__sub *sub, const struct wire_op *op, bool with_headers);
void broker__trace_end(const struct broker__sub *sub);

#endif
