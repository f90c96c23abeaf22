/* clocks.h - one-way times between clocks: of hosts, of JetStream and the recording, of several recordings. */
#ifndef TRACE_DOCTOR_FACTS_CLOCKS_H
#define TRACE_DOCTOR_FACTS_CLOCKS_H

#include "trace/doctor/facts/state.h"

/* A message whose receivers got it at known times. */
void doctor__clocks_take_delays(struct doctor__facts *facts, const struct wire_event *event);

/* A message that JetStream stored at stored_ns by its own clock. */
void doctor__clocks_take_stored(struct doctor__facts *facts, const struct wire_event *event,
				int64_t stored_ns);

/* The same message in two inputs. */
void doctor__clocks_take_inputs(struct doctor__facts *facts, const struct doctor__content *earlier,
				const struct doctor__content *later);

#endif
