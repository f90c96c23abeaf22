/* give.h - give out single spans. Internal to export/spans. */
#ifndef EXPORT_SPANS_GIVE_H
#define EXPORT_SPANS_GIVE_H

#include "export/spans/state.h"

/* Give out a span, whose end may lie before its start. */
void export__give(struct export_spans *spans, struct export_span *span);

/* Give out the span of a receiver that got the message published at time_ns by `sender`. */
void export__give_delivery(struct export_spans *spans, const struct export__receiver *receiver,
			   int64_t time_ns, const struct export_span_context *sender,
			   const struct export_span_message *message);

/* The error of a service that a reply states in its headers, which the slices borrow. EXPORT_SPAN_OK when it states none. */
enum export_span_error export__service_error(struct wire_slice headers, struct wire_slice *text,
					     struct wire_slice *code);

/* How a delivery failed. */
enum export_span_error export__error_of(enum wire_outcome outcome);

#endif
