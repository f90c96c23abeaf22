/* check.h - the struct that describes a check, and the one that it works with. Structs only. */
#ifndef TRACE_DOCTOR_CHECK_H
#define TRACE_DOCTOR_CHECK_H

#include "trace/doctor/facts/state.h"

/* A check at work: its inputs, and its own memory. */
struct doctor__case {
	const struct doctor__check *check;
	const struct doctor__facts *facts;
	const struct trace_doctor_log *logs; /* facts about the inputs that their events do not hold */
	uint32_t logs_len;
	struct trace_findings *findings;
	uint32_t place; /* of the check in the registry */
	void *own;      /* own_bytes of the check, zeroed at the beginning */
};

struct doctor__check {
	const char *name;   /* of --check: "no-responders" */
	const char *finds;  /* for --list: one line */
	const char *remedy; /* of its findings, unless it gives another one */
	unsigned needs;     /* DOCTOR__NEEDS_…: the facts that it needs */
	size_t own_bytes;   /* memory of its own */
	unsigned kinds;     /* 1 << WIRE_EVENT_…: the events that `event` is called for */
	/* An event of these kinds, after the facts were established. NULL: none is needed. */
	void (*event)(struct doctor__case *own, const struct wire_event *event);
	/* The recording has ended: report what was found. */
	void (*end)(struct doctor__case *own);
};

#endif
