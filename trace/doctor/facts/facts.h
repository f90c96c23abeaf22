/* facts.h - establish the facts of each event, once for all checks. */
#ifndef TRACE_DOCTOR_FACTS_FACTS_H
#define TRACE_DOCTOR_FACTS_FACTS_H

#include "trace/doctor/facts/state.h"

struct doctor__facts_options {
	unsigned needs; /* DOCTOR__NEEDS_…: the facts that are needed */
	uint64_t memory_bytes;
	bool is_filtered; /* some events are not chosen */
};

/* Facts of the events of the source, which is borrowed. 0 or -ENOMEM; in either case call doctor__facts_fini. */
int doctor__facts_init(struct doctor__facts *facts, struct wire_source *source,
		       const struct doctor__facts_options *options);
void doctor__facts_fini(struct doctor__facts *facts);

/* Take the event that the source has just given. is_chosen: as in trace_doctor_add. 0 or -ENOMEM. Hot. */
int doctor__facts_take(struct doctor__facts *facts, const struct wire_event *event, bool is_chosen);

/* The source is at its end. */
void doctor__facts_end(struct doctor__facts *facts);

#endif
