/* traffic.h - recordings in memory: generated at random, changed by a test, read as a source. */
#ifndef TESTS_TRAFFIC_H
#define TESTS_TRAFFIC_H

#include "tests/unit/store/block_fixture.h"
#include "wire/source.h"

/* A message or a gap that owns its texts. */
struct traffic_event {
	struct wire_event event;
	char subject[48], reply[48], headers[96], payload[96], text[32];
	int64_t set_ns;  /* how much the clock had been set until then, in all */
	uint64_t serial; /* of generated messages: from 1, the same in a copy */
};

struct traffic {
	struct wire_source source;
	struct traffic_event *events;
	size_t count, cap, at;
};

/* Add a message at the end, a millisecond after the previous one. Returns it; the caller may change it. */
struct traffic_event *traffic_message(struct traffic *traffic, uint64_t conn, const char *subject,
				      const char *reply, const char *payload);
struct traffic_event *traffic_gap(struct traffic *traffic, uint64_t lost_messages);

/* Generate a recording: `publishers` connections publish on `subjects` subjects of their own each and on a shared one, and
 * send requests, to which a service replies. */
void traffic_fill(struct traffic *traffic, struct random *random, size_t messages, unsigned publishers,
		  unsigned subjects);

/* A second recording of the same traffic: other times, connections and inboxes; messages of different connections
 * interleave differently, by up to `disorder` places. */
void traffic_copy(struct traffic *copy, const struct traffic *traffic, struct random *random,
		  unsigned disorder);

/* Changes at an index. */
void traffic_remove(struct traffic *traffic, size_t at);
void traffic_move(struct traffic *traffic, size_t from, size_t to);
void traffic_set_payload(struct traffic_event *event, const char *payload);

/* Read from the beginning; numbers the events. */
struct wire_source *traffic_source(struct traffic *traffic);
void traffic_fini(struct traffic *traffic);

#endif
