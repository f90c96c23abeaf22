/* jetstream.h - deliveries of JetStream, as their reply subject tells them: $JS.ACK.stream.consumer.times.… */
#ifndef TRACE_DOCTOR_FACTS_JETSTREAM_H
#define TRACE_DOCTOR_FACTS_JETSTREAM_H

#include "trace/doctor/facts/state.h"

/* The reply subject is one to acknowledge a delivery of JetStream with. */
static inline bool doctor__is_ack(struct wire_slice reply)
{
	return reply.len > 8 && memcmp(reply.data, "$JS.ACK.", 8) == 0;
}

/* Count a delivery; its reply subject is such a one. */
void doctor__jetstream_take(struct doctor__facts *facts, const struct wire_event *event);
void doctor__jetstream_fini(struct doctor__jetstream *jetstream);

#endif
