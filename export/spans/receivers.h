/* receivers.h - who got the message of an event. Internal to export/spans. */
#ifndef EXPORT_SPANS_RECEIVERS_H
#define EXPORT_SPANS_RECEIVERS_H

#include "export/spans/state.h"

/* The client of a connection of the event, and its service. */
void export__who(struct export_spans *spans, uint64_t conn, uint32_t *client, uint32_t *service);

/* Fill in spans->receivers. How many there are, or -ENOMEM. */
int64_t export__receivers_of(struct export_spans *spans, const struct wire_event *event);

/* The receiver of a delivery event. */
struct export__receiver export__receiver_of(struct export_spans *spans, const struct wire_event *delivery);

/* How long after its publishing the client got the message, among the receivers just filled in; 0 when it is not known. */
int64_t export__received_after(const struct export_spans *spans, uint32_t len, uint32_t client);

#endif
