/* trace_context.h - the context of distributed tracing in a message's headers.
 *
 * Understands, whatever the case of the header's name:
 *   traceparent          00-<trace>-<span>-<flags>                      W3C Trace Context, section 3.2
 *   b3                   <trace>-<span>[-<sampled>[-<parent span>]]     B3, single header
 *   X-B3-TraceId, X-B3-SpanId, X-B3-ParentSpanId                        B3, several headers
 *   uber-trace-id        <trace>:<span>:<parent span>:<flags>           Jaeger
 * The span is that of the sender. Only b3 and uber-trace-id say which span it belongs to. */
#ifndef TRACE_TRACE_CONTEXT_H
#define TRACE_TRACE_CONTEXT_H

#include <stdbool.h>

#include "wire/slice.h"

/* Slices borrow the header block. Empty: not given. */
struct trace_context {
	struct wire_slice trace, span, parent; /* hexadecimal digits without leading zeros */
};

/* Read the context of a header block. False when it holds none that is well-formed; *context is then empty. */
bool trace_context_read(struct trace_context *context, struct wire_slice headers);

#endif
