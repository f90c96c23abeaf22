/* reader.h - read a log, or one segment of it, as a stream of events, by sequence number or by time
 * (store/read/reorder.h); any number at a time, in any process, while it is being written.
 *
 * Damage costs the damaged blocks. A gap event flagged WIRE_EVENT_DAMAGE takes their place and names the sequence numbers.
 * Blocks that the filter rules out are not read and not checked. The unfinished end of a live or crashed segment is no damage,
 * and neither are the segments that retention deleted before the oldest one. For a segment that retention deletes before the
 * reader reaches it there is a gap event without that flag. */
#ifndef STORE_READ_READER_H
#define STORE_READ_READER_H

#include "store/filter/filter.h"
#include "wire/progress.h"
#include "wire/source.h"

struct store_reader_options {
	const struct store_filter *filter; /* borrowed for the reader's life; NULL = everything */
	bool reverse;                      /* newest first; excludes follow */
	bool follow;   /* at the end, wait for more instead of ending; the log need not exist yet */
	bool from_end; /* with follow: start after the last event that there is now… */
	uint64_t last; /* …and before that give the last so many matching events; 0 = none */
	const struct store_filter
	    *last_of; /* which events `last` counts; borrowed; NULL = those that pass the filter */
	bool
	    in_time_order; /* else in order of sequence numbers, which differs where several event loops wrote the log */
	bool payloads; /* headers and payloads are wanted */
	struct wire_progress
	    *progress; /* called for every block; borrowed for the reader's life; NULL = not wanted */
	bool
	    steady; /* find the clock steps when opening and leave them out of steady_ns; else that is time_ns */
};

struct store_reader;

/* path: a log directory or a segment file. 0, or a negative code with *fault. Reads only what is needed to begin and, with `steady`, the indices, so that the first event comes at once however large the
 * log is. */
int store_reader_open(struct store_reader **reader, const char *path,
		      const struct store_reader_options *options, struct wire_fault *fault);
void store_reader_close(struct store_reader *reader);

/* The reader as a source, valid as long as the reader; closing either closes both. */
struct wire_source *store_reader_source(struct store_reader *reader);

/* The next event that passes the filter. 1 with *event (valid until the next call), 0 at the end (following:
 * nothing new yet, see store_reader_wait), or a negative code with *fault when the log cannot be read on. */
int store_reader_next(struct store_reader *reader, struct wire_event *event, struct wire_fault *fault);

/* Following: wait until there may be something new or the time is over. 1, 0 on time-out, -EINTR. */
int store_reader_wait(struct store_reader *reader, int timeout_ms);

/* The client of a connection of the event just read, NULL when it is not known. Valid until the next call of
 * store_reader_next or store_reader_client. */
const struct wire_client *store_reader_client(struct store_reader *reader, uint64_t conn);

/* As content of wire_source: reads the payloads of the event's block, once for all its events. STORE_EDAMAGE, -ENOMEM or
 * another negated errno when that fails. */
int store_reader_content(struct store_reader *reader, struct wire_event *event);

/* As damage of wire_source: blocks that could not be read, and the number of their events. */
void store_reader_damage(const struct store_reader *reader, struct wire_damage *damage);

#endif
