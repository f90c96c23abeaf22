/* inventory.h - the segments of a log, by their headers and indices alone: what there is, how large, from when to when.
 *
 * Frames are not read, so that this is fast, and damage within them is not seen: store/care/verify.h finds that. One segment is open
 * at a time. */
#ifndef STORE_CARE_INVENTORY_H
#define STORE_CARE_INVENTORY_H

#include <stdbool.h>

#include "store/format/format.h"

struct store_inventory_segment {
	const char *path;    /* borrowed for the call */
	bool is_unreadable;  /* only path, first_seq and stored_bytes are known */
	bool is_closed;      /* it has its footer */
	bool has_bad_footer; /* it was closed, but its footer is damaged */
	struct store_file_header header;
	uint64_t first_seq, last_seq; /* of its events; last_seq < first_seq: it has none */
	uint64_t events, messages;
	int64_t from_ns, to_ns;  /* of its events; 0 when there are none */
	uint64_t stored_bytes;   /* of the file */
	uint64_t raw_bytes;      /* what its frames unpack to */
	uint64_t damaged_places; /* bytes that are no block */
	uint64_t
	    missing_events;  /* numbers that are missing in it or before it, and that no gap event explains */
	uint64_t torn_bytes; /* unfinished end: no damage */
};

/* Sums. */
struct store_inventory {
	uint64_t segments, open_segments, damaged_segments; /* damaged: or events are missing before them */
	uint64_t events, messages, stored_bytes, raw_bytes, missing_events;
	uint64_t first_seq, last_seq;
	int64_t from_ns, to_ns;
	char written_by[STORE_WRITTEN_BY]; /* that of the last segment that names one, other than "mark" */
	bool is_written;                   /* a live process holds its lock */
};

typedef void store_inventory_report(void *context, const struct store_inventory_segment *segment);

static inline bool store_inventory_is_damaged(const struct store_inventory_segment *segment)
{
	return segment->is_unreadable || segment->has_bad_footer || segment->damaged_places > 0 ||
	       segment->missing_events > 0;
}

/* Look at each segment of the log directory or at the one segment at path, and report it. 0, or a negative code with *fault.
 * Segments that retention deletes meanwhile are passed over. */
int store_inventory_read(const char *path, struct store_inventory *inventory, store_inventory_report *report,
			 void *context, struct wire_fault *fault);

#endif
