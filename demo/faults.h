/* faults.h - the faults that a run with --faults plants, each by the name of the check of `tapedeck doctor` that finds
 * it. */
#ifndef DEMO_FAULTS_H
#define DEMO_FAULTS_H

#include <stddef.h>

struct demo_fault {
	const char *check;
	/* A process of its own (role "fault"), the same of all faults in a row that name it; NULL = a service or the
	 * state machine does it. */
	const char *client;
	const char *text;
};

extern const struct demo_fault demo_faults[];
extern const size_t demo_faults_len;

#endif
