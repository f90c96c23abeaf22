/* message.h - the spans of a message that was published. Internal to export/spans. */
#ifndef EXPORT_SPANS_MESSAGE_H
#define EXPORT_SPANS_MESSAGE_H

#include "export/spans/state.h"

/* Describe the message of an event for its spans. The result borrows the event. */
struct export_span_message export__message_of(const struct export_spans *spans,
					      const struct wire_event *event);

/* Take a message event. 0 or -ENOMEM. */
int export__message_put(struct export_spans *spans, const struct wire_event *event, bool is_chosen);

#endif
