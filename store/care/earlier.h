/* earlier.h - facts that a log states before an event, and which the events after it depend on: which server and cluster were
 * recorded, and who was subscribed to what. Internal to store. */
#ifndef STORE_CARE_EARLIER_H
#define STORE_CARE_EARLIER_H

#include <stdint.h>

#include "store/format/table.h"
#include "wire/error.h"
#include "wire/event.h"

enum { STORE__EARLIER_BYTES_MAX = 64 << 20 }; /* of texts; subscriptions beyond it are left out */

/* One piece of memory. */
struct store__subscription {
	uint64_t conn;
	bool is_over;
	uint32_t sid_len, queue_len, subject_len;
	char text[]; /* sid, queue group, subject */
};

/* Zeroed = nothing was found. */
struct store__earlier {
	char **marks; /* owned: the texts of the marks "server …" and "cluster …", each once, in order */
	size_t marks_len;
	struct store__subscription **subscriptions; /* owned */
	size_t subscriptions_len;
	struct store_table by_conn; /* their indices */
	size_t bytes;
};

/* Read the blocks of the log at path that hold such events and lie before event number seq. 0, or a negative code with *fault; in
 * either case call store__earlier_fini. */
int store__earlier_read(struct store__earlier *earlier, const char *path, uint64_t seq,
			struct wire_fault *fault);
void store__earlier_fini(struct store__earlier *earlier);

/* The subscription events of a connection that were in force, one after the other: *probe begins with 0. False: there are no
 * more. The event borrows. */
bool store__earlier_next(const struct store__earlier *earlier, uint64_t conn, uint32_t *probe,
			 struct wire_event *event);

#endif
