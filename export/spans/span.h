/* span.h - a span: something that a client did with a message, from when to when.
 *
 * Of each message there is one span of its publisher, and one of each receiver:
 *
 *   requester      REQUEST ├──────────────────────────────────────┤       from the request to its first reply
 *   responder                  HANDLE ├───────────────────┤               from its delivery to the reply
 *   responder                                       REPLY ┤               the publishing of the reply
 *   requester                                             ├──────┤ DELIVER   …and its way to the receiver
 *   publisher      PUBLISH ┤                                              of a message that asks for no reply
 *
 * Struct definitions only. */
#ifndef EXPORT_SPANS_SPAN_H
#define EXPORT_SPANS_SPAN_H

#include <stdint.h>

#include "wire/slice.h"

enum export_span_kind {
	EXPORT_SPAN_PUBLISH,
	EXPORT_SPAN_REQUEST,
	EXPORT_SPAN_REPLY,
	EXPORT_SPAN_DELIVER,
	EXPORT_SPAN_HANDLE,
	EXPORT_SPAN_KINDS
};

enum export_span_error {
	EXPORT_SPAN_OK,
	EXPORT_SPAN_NO_RESPONDERS,
	EXPORT_SPAN_UNANSWERED,
	EXPORT_SPAN_SERVICE_ERROR, /* the reply has the header Nats-Service-Error */
	EXPORT_SPAN_SLOW_CONSUMER, /* the outcomes of a delivery: not delivered… */
	EXPORT_SPAN_PERMISSION,
	EXPORT_SPAN_CLOSED,
	EXPORT_SPAN_ERRORS
};

struct export_trace_id {
	uint64_t high, low;
};

struct export_span_context {
	struct export_trace_id trace;
	uint64_t span; /* 0: none */
};

/* The message that a span is about. Slices are valid during the call that gives the span out. */
struct export_span_message {
	uint64_t seq;  /* in its log; 0 = unknown */
	uint64_t base; /* what the ids of its spans are derived from */
	struct wire_slice subject;
	struct wire_slice headers;      /* as much as is kept */
	struct wire_slice id;           /* of the header Nats-Msg-Id; empty: none */
	struct wire_slice conversation; /* the reply subject that joins requests and replies; empty: none */
	uint64_t size;                  /* of the payload */
	uint64_t headers_bytes;
	uint32_t receivers; /* that are listed: their spans are numbered from 0 */
	bool is_altered;    /* masked: headers_bytes is not that of the true headers */
};

struct export_span {
	enum export_span_kind kind;
	enum export_span_error error;
	struct export_span_context context;
	uint64_t parent;    /* a span of the same trace; 0: none */
	bool is_unfinished; /* the recording, or the memory for it, ends before it: end_ns is not its end */
	struct export_span_context link; /* of a receiver: the span of the publisher; span 0: unknown */
	int64_t start_ns, end_ns;        /* since the epoch; end_ns is not before start_ns */
	uint32_t client;                 /* number in struct trace_clients, or TRACE_NO_CLIENT */
	uint32_t service;                /* likewise */
	struct wire_slice queue;         /* of a receiver */
	struct wire_slice error_text,
	    error_code; /* of EXPORT_SPAN_SERVICE_ERROR, as the responder wrote them */
	const struct export_span_message *message;
};

#endif
