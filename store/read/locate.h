/* locate.h - where in time an event of a log lies, from the index and one block. */
#ifndef STORE_READ_LOCATE_H
#define STORE_READ_LOCATE_H

#include "store/format/format.h"
#include "wire/error.h"
#include "wire/source.h"

/* The least number of events from which a rate is computed. */
enum { STORE_LOCATION_EVENTS = 4096 };

struct store_location {
	enum wire_event_kind kind;
	int64_t time_ns;
	/* Of its block and its neighbours, STORE_LOCATION_EVENTS or more unless the segment has fewer: for an estimate of how many
	 * events to expect around it. */
	uint64_t events;
	int64_t earliest_ns, latest_ns;
};

/* Locate event number seq of the log directory or segment at path. 1 with *location; 0 when the log holds no such event, or
 * what may hold it cannot be read, which is added to *damage; or a negative code with *fault. */
int store_locate(struct store_location *location, const char *path, uint64_t seq, struct wire_damage *damage,
		 struct wire_fault *fault);

#endif
