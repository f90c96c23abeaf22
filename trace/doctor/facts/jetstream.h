/* jetstream.h - deliveries of JetStream, as their reply subject tells them: $JS.ACK.stream.consumer.times.… */
#ifndef TRACE_DOCTOR_FACTS_JETSTREAM_H
#define TRACE_DOCTOR_FACTS_JETSTREAM_H

#include "trace/doctor/facts/state.h"

/* 0 or -ENOMEM; in either case call doctor__jetstream_fini. */
int doctor__jetstream_init(struct doctor__jetstream *jetstream);
void doctor__jetstream_fini(struct doctor__jetstream *jetstream);

/* Count a delivery; its reply subject is an acknowledgement subject. Hot. */
void doctor__jetstream_take(struct doctor__facts *facts, const struct wire_event *event);

#endif
