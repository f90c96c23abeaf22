/* examples.h - the requests with the longest times, a few of many. */
#ifndef TRACE_EXAMPLES_H
#define TRACE_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* A request, to be named to people. */
struct trace_example {
	int64_t ns; /* what it is listed by: how long it took, or waited */
	int64_t time_ns;
	uint64_t seq;
	uint32_t origin;               /* the input, as wire_source_origin */
	uint32_t subject;              /* of the latencies' subjects */
	uint32_t requester, responder; /* services */
	int64_t latency_ns;            /* or TRACE_LATENCY_UNKNOWN: no reply, or from when is not known */
};

/* A heap with the shortest on top. */
struct trace_examples {
	struct trace_example *list; /* owned */
	size_t len, max;
	uint32_t cap;
	uint64_t seen; /* all that were added */
};

void trace_examples_init(struct trace_examples *examples, size_t max);
void trace_examples_fini(struct trace_examples *examples);

/* Keep an example when it is among the `max` longest; of equal ones the first are kept. 0 or -ENOMEM. */
int trace_examples_add(struct trace_examples *examples, const struct trace_example *example);

/* Sort, the longest first, and of equal ones the earliest. Nothing may be added after that. */
void trace_examples_sort(struct trace_examples *examples);

#endif
