/* event_fixture.h - events for an analysis, made one by one, from a source that knows clients 1 to 9 by name. */
#ifndef TESTS_EVENT_FIXTURE_H
#define TESTS_EVENT_FIXTURE_H

#include "wire/source.h"

#define MS INT64_C(1000000)

/* A source that is only asked who a connection is ("one", "two", …), for the input and, once, for headers. */
struct event_source {
	struct wire_source source; /* first */
	uint32_t origin;
	uint64_t seq;              /* of the last event */
	struct wire_slice headers; /* that it fills in when it is asked for content */
	int asked;                 /* how often it was */
};

void event_source_init(struct event_source *source);

/* A message at a steady time, its time of day the same, with a payload of two bytes; receivers unknown. reply may be NULL. */
struct wire_event event_message(struct event_source *source, int64_t ns, uint64_t conn, const char *subject,
				const char *reply);

/* Give it one receiver that is known to be the only one, with sid "1"; delay_ns may be WIRE_DELAY_UNKNOWN. What is lent lives until the next call. */
void event_deliver(struct wire_event *event, uint64_t conn, const char *queue, int64_t delay_ns);

/* Another receiver after event_deliver, at most 8 in all. */
void event_deliver_also(struct wire_event *event, uint64_t conn, const char *queue, int64_t delay_ns,
			enum wire_outcome outcome);

/* It is known that nobody was to get it. */
void event_deliver_to_nobody(struct wire_event *event);

#endif
