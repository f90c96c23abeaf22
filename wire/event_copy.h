/* event_copy.h - an event that is kept after its source has moved on, with the descriptions of its connections. */
#ifndef WIRE_EVENT_COPY_H
#define WIRE_EVENT_COPY_H

#include "wire/source.h"

/* The publisher and so many receivers are described; further receivers have their numbers only. */
enum { WIRE_EVENT_COPY_CLIENTS = 64 };

struct wire_event_copy_client {
	uint64_t conn;
	struct wire_client client;
};

/* Zeroed = none. Its memory is used again by the next event. While it holds one it must not be moved: the event points into
 * the copy. */
struct wire_event_copy {
	struct wire_event event; /* its slices point into `bytes` */
	struct wire_client client;
	struct wire_event_copy_client *clients; /* in bytes */
	size_t clients_len;
	char *bytes; /* owned */
	size_t cap;
};

/* Copy the event that the source has just given out, over the one before. 0, or -ENOMEM, after which it holds none. */
int wire_event_copy_set(struct wire_event_copy *copy, const struct wire_event *event,
			struct wire_source *source);
void wire_event_copy_fini(struct wire_event_copy *copy);

/* The client of a connection of the event, NULL when it was not described. */
const struct wire_client *wire_event_copy_client(const struct wire_event_copy *copy, uint64_t conn);

#endif
