/* trace.h - trace lines, in nats-server's form, inside this folder: what a client sends (<<-), what it is sent (->>),
 * and which of its subscriptions end (<->). */
#ifndef BROKER_TRACE_H
#define BROKER_TRACE_H

#include "broker/client.h"
#include "broker/server.h"

/* Whether there are any: asked first, so that nothing is built in vain. */
static inline bool broker__traces(const struct broker_client *client)
{
	return __builtin_expect(client->loop->broker->wants_trace, false);
}

void broker__trace_op(const struct broker_client *client, const struct wire_op *op);
/* "PONG", "OK" and the like. */
void broker__trace_answer(const struct broker_client *client, const char *text);
/* A message that is handed to a subscription, with its headers or without. */
void broker__trace_delivery(const struct broker__sub *sub, const struct wire_op *op, bool with_headers);
void broker__trace_end(const struct broker__sub *sub);

#endif
