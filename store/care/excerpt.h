/* excerpt.h - the events of a source that are chosen, and the others without which they cannot be read.
 *
 * Besides the chosen events, a new log (new_log.h) gets
 * - the marks and gaps among them;
 * - of each connection that the chosen events name: its connect and disconnect, subscriptions and errors. What was before the
 *   excerpt is repeated where the connection is first named: the connect event (flag 4) and the subscriptions in force;
 * - the marks before the excerpt that name the server and the cluster.
 *
 * Events are numbered again, from 1. Of one input, connections keep their numbers, and times are as they were recorded. Of several, they get
 * new numbers, times are those that the inputs were merged by (steady_ns), and marks that speak of one recording (its start, its
 * stop, its clock) become remarks that name the input. */
#ifndef STORE_CARE_EXCERPT_H
#define STORE_CARE_EXCERPT_H

#include "store/care/new_log.h"
#include "store/filter/filter.h"

struct store_excerpt;

struct store_excerpt_options {
	struct store_new_log *log;         /* that gets the events… */
	struct wire_sink *sink;            /* …by this sink, which hands them to the log's own, or is it */
	const struct store_filter *filter; /* which events are chosen; NULL: all */
	/* The paths of the source's inputs. What lies before the excerpt is read from them, unless reads_earlier is NULL or false for
	 * the input: a capture. */
	const char *const *inputs;
	const bool *reads_earlier;
	uint32_t inputs_len;
};

/* Everything is borrowed. NULL when out of memory. */
struct store_excerpt *store_excerpt_open(const struct store_excerpt_options *options);
void store_excerpt_close(struct store_excerpt *excerpt);

/* First pass, only with a filter: note the connections that an event names. The source gives events that pass the filter. 0 or
 * -ENOMEM. */
int store_excerpt_note(struct store_excerpt *excerpt, const struct wire_event *event,
		       struct wire_source *source);

/* Second pass: take an event of the source, which gives all events of the period with their contents. 0, or a negative code with
 * *fault. */
int store_excerpt_take(struct store_excerpt *excerpt, const struct wire_event *event,
		       struct wire_source *source, struct wire_fault *fault);

/* Chosen events that were taken. */
uint64_t store_excerpt_chosen(const struct store_excerpt *excerpt);

#endif
