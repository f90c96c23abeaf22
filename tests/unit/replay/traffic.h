/* traffic.h - recordings that exist in memory only: made at random, changed by a test, read as a source. */
#ifndef TESTS_TRAFFIC_H
#define TESTS_TRAFFIC_H

#include "tests/unit/store/block_fixture.h"
#include "wire/source.h"

/* An event that owns its texts; those of a message or a gap. */
struct traffic_event {
	struct wire_event event;
	char subject[48], reply[48], headers[96], payload[96], text[32];
	int64_t set_ns;  /* by so much the clock had been set, in its time */
	uint64_t serial; /* of messages that were made at random: from 1, the same in a copy */
};

struct traffic {
	struct wire_source source;
	struct traffic_event *events;
	size_t count, cap, at;
};

/* Add a message at the end, a millisecond after the one before; returns it, to be changed by the caller. */
struct traffic_event *traffic_message(struct traffic *traffic, uint64_t conn, const char *subject,
				      const char *reply, const char *payload);
struct traffic_event *traffic_gap(struct traffic *traffic, uint64_t lost_messages);

/* A recording of `publishers` connections that publish on `subjects` subjects of their own each and on one that all share,
 * and ask requests that a service answers. */
void traffic_fill(struct traffic *traffic, struct random *random, size_t messages, unsigned publishers,
		  unsigned subjects);

/* The same traffic recorded anew: other times, connections and inboxes; messages of different connections lie otherwise
 * between each other, up to `disorder` places. */
void traffic_copy(struct traffic *copy, const struct traffic *traffic, struct random *random,
		  unsigned disorder);

/* Changes at a place. */
void traffic_remove(struct traffic *traffic, size_t at);
void traffic_move(struct traffic *traffic, size_t from, size_t to);
void traffic_set_payload(struct traffic_event *event, const char *payload);

/* Give numbers in order, and read from the start. */
struct wire_source *traffic_source(struct traffic *traffic);
void traffic_fini(struct traffic *traffic);

#endif
