/* spans.h - the spans of a source (export/spans/span.h), for formats that show what took how long.
 *
 * A span is given out when its end is known: that of a request when its first reply comes. A request that gets none for
 * EXPORT_SPANS_WAIT_NS is given out as unanswered, or as unfinished when something was not recorded meanwhile. Requests are paired with replies by trace/requests.h.
 *
 * The trace of a message is the one that its headers name, with the span they name as the parent of its publisher's span;
 * else the trace of the request that it answers; else one of its own (export/spans/ids.h). The receivers' spans are children of
 * their publisher's and link to it.
 *
 * Bounded: requests that wait take EXPORT_SPANS_HELD_BYTES at most; when they need more, or EXPORT_SPANS_REQUESTS newer requests were
 * made, the oldest are given out unfinished, which is counted. */
#ifndef EXPORT_SPANS_SPANS_H
#define EXPORT_SPANS_SPANS_H

#include "export/format.h"
#include "export/spans/span.h"
#include "trace/clients.h"

#define EXPORT_SPANS_WAIT_NS INT64_C(10000000000)

enum {
	EXPORT_SPANS_REQUESTS = 1 << 19,
	EXPORT_SPANS_HELD_BYTES = 64 << 20,
	EXPORT_SPANS_CLIENTS_BYTES = 24 << 20,
};

struct export_spans;

/* The span is valid until the call returns. */
typedef void export_spans_emit(void *context, const struct export_span *span);

struct export_spans_options {
	double sample;       /* of the traces, 0 to 1 */
	bool keeps_failures; /* besides, those that hold an error or something… */
	int64_t slow_ns;     /* …that took longer */
	size_t headers_max;  /* bytes of the headers that a span of a request keeps */
	export_spans_emit *emit;
	void *context;
};

/* 0 with *spans, or -ENOMEM. Options are copied. */
int export_spans_open(struct export_spans **spans, const struct export_spans_options *options);
void export_spans_close(struct export_spans *spans);

/* As put of struct export_writer. All events of the period are needed; spans of chosen messages, and of the replies to them, are
 * given out. */
int export_spans_put(struct export_spans *spans, const struct wire_event *event,
		     const struct export_input *input, struct wire_fault *fault);

/* All events until now_ns since the epoch have been put: give out requests that have waited long enough. */
void export_spans_read_to(struct export_spans *spans, int64_t now_ns);

/* No more events come: give out the rest. */
void export_spans_end(struct export_spans *spans);

/* Who the clients of spans are; NULL before the first event. */
const struct trace_clients *export_spans_clients(const struct export_spans *spans);

/* As omission of struct export_writer. */
bool export_spans_omission(const struct export_spans *spans, size_t index, struct export_omission *omission);

#endif
