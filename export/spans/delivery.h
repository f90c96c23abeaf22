/* delivery.h - the spans of a delivery that was seen apart from its message. Internal to export/spans. */
#ifndef EXPORT_SPANS_DELIVERY_H
#define EXPORT_SPANS_DELIVERY_H

#include "export/spans/state.h"

/* Take a delivery event. 0 or -ENOMEM. */
int export__delivery_put(struct export_spans *spans, const struct wire_event *event, bool is_chosen);

#endif
