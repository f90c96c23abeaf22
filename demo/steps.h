/* steps.h - the steps of a workflow: a table that the state machine runs through. */
#ifndef DEMO_STEPS_H
#define DEMO_STEPS_H

#include <stdbool.h>
#include <stddef.h>

enum demo_step_kind {
	DEMO_REQUEST, /* go on at the reply */
	DEMO_COMMAND, /* publish, go on at the event `done` */
	DEMO_NOTIFY   /* publish, go on at once */
};

struct demo_step {
	enum demo_step_kind kind;
	const char *subject;
	const char *done;
	unsigned every;   /* only for each nth workflow; 0 = for all */
	bool only_faulty; /* only in a run with faults */
};

extern const struct demo_step demo_steps[];
extern const size_t demo_steps_len;

#endif
