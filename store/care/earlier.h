/* earlier.h - facts that a log states before an event, and which the events after it depend on: which server and cluster were
 * recorded, and who was subscribed to what. Internal to store. */
#ifndef STORE_CARE_EARLIER_H
#define STORE_CARE_EARLIER_H

#include <stdint.h>

#include "store/format/table.h"
#include "wire/error.h"
#include "wire/event.h"

enum { STORE__EARLIER_BYTES_MAX = 64 << 20 }; /* of texts; subscriptions beyond it are left out */

/* One in force; one piece of memory. */
struct store__subscription {
	uint64_t conn;
	struct store__subscription *before, *after; /* of the same connection, in order */
	uint32_t index;                             /* its own, in the list */
	uint32_t sid_len, queue_len, subject_len;
	char text[]; /* sid, queue group, subject */
};

/* A connection that ever had a subscription. */
struct store__earlier_conn {
	uint64_t number;
	struct store__subscription *first, *last;
};

/* Zeroed = nothing was found. */
struct store__earlier {
	char **marks; /* owned: the texts of the marks "server …" and "cluster …", each once, in order */
	size_t marks_len;
	struct store__subscription **subscriptions; /* owned */
	size_t subscriptions_len;
	struct store_table by_sid; /* their indices, by connection and sid */
	struct store__earlier_conn *conns;
	size_t conns_len;
	struct store_table by_conn; /* their indices */
	size_t bytes;               /* of the subscriptions */
};

/* Read the blocks of the log at path that hold such events and lie before event number seq. 0, or a negative code with *fault; in
 * either case call store__earlier_fini. */
int store__earlier_read(struct store__earlier *earlier, const char *path, uint64_t seq,
			struct wire_fault *fault);
void store__earlier_fini(struct store__earlier *earlier);

/* The subscription events of a connection that were in force, in order: *at begins with NULL. False: there are no more. The
 * event borrows. */
bool store__earlier_next(const struct store__earlier *earlier, uint64_t conn,
			 const struct store__subscription **at, struct wire_event *event);

#endif
