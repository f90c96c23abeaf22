/* ids.h - ids of traces and spans: recorded ones, and derived ones that are the same each time a log is exported.
 *
 * A message's base is a hash (XXH3) of its time, its sequence number and its connection. The trace that it begins, unless its
 * headers name one, has 128 bits of that hash as id; the ids of its spans are its base mixed with the number of the span. */
#ifndef EXPORT_SPANS_IDS_H
#define EXPORT_SPANS_IDS_H

#include "export/spans/span.h"
#include "wire/event.h"

struct export_span_base {
	uint64_t base;
	struct export_trace_id trace; /* the one that the message begins; not 0 */
};

/* number: of the event in its source, which counts when it has no sequence number. */
struct export_span_base export_span_base_of(const struct wire_event *event, uint64_t number);

/* The ids of a message's spans; never 0. */
uint64_t export_span_id_publisher(uint64_t base);
uint64_t export_span_id_receiver(uint64_t base, uint32_t number);

/* The trace and the span of the sender that the headers name (trace/trace_context.h). False when they name none. */
bool export_span_recorded(struct export_span_context *context, struct wire_slice headers);

#endif
