/* faults.h - the faults that a run with --faults plants: a table for `tapedeck doctor` to be judged by. */
#ifndef DEMO_FAULTS_H
#define DEMO_FAULTS_H

#include <stddef.h>

struct demo_fault {
	const char *name;
	const char
	    *client; /* a process of its own (role "fault"); NULL = a service or the state machine does it */
	const char *text;
};

extern const struct demo_fault demo_faults[];
extern const size_t demo_faults_len;

#endif
