/* reorder.h - the reorder window: the events of a log in order of time. Internal to store.
 *
 * Each event loop fills blocks of its own in order of time and hands them over while they are young, so that neighbouring
 * blocks of a log may overlap in time by up to STORE_REORDER_NS:
 *
 *   block 7  ├─────────────┤
 *   block 8         ├──────────┤             time ─▶
 *   block 9              ├────────────┤
 *
 * The window reads the headers of the blocks to come until no later block can hold an event that is earlier than the next
 * one. It decodes each block once, when its first event may be the next, and merges the blocks that overlap. A block that
 * overlaps with no other is passed through without a look at the times of its events.
 *
 * Order: by time, and of equal times by sequence number. Events before a place where the clock was set back, or where
 * blocks are missing, come before those after it, whatever their times. A block in which the clock was set is not merged
 * with others. In reverse everything is the other way round.
 * The window holds at most STORE__WINDOW_BLOCKS decoded blocks and looks at most STORE__WINDOW_QUEUE blocks ahead. Events of
 * a log that exceeds this all come, but not all in order. */
#ifndef STORE_READ_REORDER_H
#define STORE_READ_REORDER_H

#include "store/read/block_cursor.h"
#include "store/read/block_scan.h"
#include "store/read/undelivered.h"

enum {
	STORE__WINDOW_BLOCKS = 64,       /* decoded at a time: one for each event loop, and more */
	STORE__WINDOW_BYTES = 256 << 20, /* likewise, unpacked; one block may take more */
	STORE__WINDOW_QUEUE = 256,       /* headers looked ahead */
	STORE__WINDOW_SPARE = 2,         /* decoders kept for the next blocks */
};

/* A block whose header was seen. */
struct store__ahead {
	struct store_segment_reader *segment; /* held */
	size_t entry;
	uint64_t number;                /* of the block, in the order in which the cursor came to them */
	int64_t earliest_ns, latest_ns; /* of its events, negated in reverse */
	uint64_t bytes;                 /* when it is decoded */
	bool is_wanted;                 /* events of it may pass the filter */
};

/* A decoded block, or a gap that the reader made up for blocks that cannot be read. */
struct store__window_block {
	struct store__ahead place; /* segment: NULL for a gap between blocks */
	struct store__block_scan scan;
	uint32_t taken, count; /* events */
	int64_t key_ns;        /* when taken < count: of the next event */
	bool has_undelivered;  /* deliveries in it never reached their receiver */
	bool is_gap;
	struct wire_event gap;
	char gap_text[STORE__GAP_TEXT];
};

struct store__window_options {
	bool in_time_order; /* else by sequence number */
	bool reverse, payloads;
	const struct store_filter *filter;      /* borrowed */
	struct store__undelivered *undelivered; /* borrowed */
};

struct store__window {
	struct store__window_options options;
	struct store__block_cursor *cursor; /* borrowed */
	struct store__connection_names names;
	uint64_t numbers; /* blocks and gaps so far */
	int64_t
	    front_ns; /* the latest time of the blocks so far: later blocks begin STORE_REORDER_NS before it or later */
	bool at_end;             /* the cursor has no more, or no more yet */
	int error;               /* why the cursor cannot go on; 0: it can */
	struct wire_fault fault; /* of the error */

	struct store__ahead queue[STORE__WINDOW_QUEUE];
	size_t queued;
	struct store__window_block *held[STORE__WINDOW_BLOCKS], *spare[STORE__WINDOW_SPARE]; /* owned */
	size_t held_count, spare_count;
	uint64_t held_bytes;
	/* The cursor's next step when it must wait until everything queued and held was given out. */
	bool is_parked;
	struct store__ahead parked;             /* unless it is a gap */
	struct store__window_block *parked_gap; /* owned; NULL: it is a block */

	struct store__window_block *current; /* of held: the one that events are taken from… */
	int64_t limit_ns;                    /* …as long as they are not later */
	bool takes_all;                      /* …or all of them */
};

void store__window_init(struct store__window *window, struct store__block_cursor *cursor,
			const struct store__window_options *options);
void store__window_fini(struct store__window *window);

/* The next event that passes the filter, not counting store__filter_passes_content; or a gap. 1 with *event, valid until the
 * next call; 0 when there is none, or none yet; or a negative code with *fault. */
int store__window_next(struct store__window *window, struct wire_event *event, struct wire_fault *fault);

/* Fill in the headers and the payload of the event that was given last. 0, or a negative code with the event unchanged. */
int store__window_content(struct store__window *window, struct wire_event *event);

/* The block of the event that was given last. */
const struct store__window_block *store__window_given(const struct store__window *window);

#endif
