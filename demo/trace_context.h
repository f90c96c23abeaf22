/* trace_context.h - the headers of distributed tracing, in the three styles that services use: W3C traceparent, B3 in
 * one header, and Jaeger's uber-trace-id. */
#ifndef DEMO_TRACE_CONTEXT_H
#define DEMO_TRACE_CONTEXT_H

#include <nats/nats.h>

enum demo_context_style { DEMO_NO_CONTEXT, DEMO_TRACEPARENT, DEMO_B3, DEMO_UBER };

/* Zeroed = none. */
struct demo_context {
	enum demo_context_style style;
	char trace[33], span[17]; /* in hexadecimal digits */
	char parent[17];          /* "" = this span is the root */
};

/* A context for a new trace. */
struct demo_context demo_context_new(enum demo_context_style style);

/* A context for a message that the handler of a message with this context publishes: same trace, a span of its own. */
struct demo_context demo_context_child(const struct demo_context *context);

/* The context in the headers of a message; DEMO_NO_CONTEXT when there is none. */
struct demo_context demo_context_read(natsMsg *msg);

/* Add the context's header to a message. Nothing for DEMO_NO_CONTEXT. */
natsStatus demo_context_write(const struct demo_context *context, natsMsg *msg);

#endif
