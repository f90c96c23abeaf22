/* walk.h - the blocks of a log one after the other, in either direction, and the places where blocks should be
 * and are not.
 *
 * Sequence numbers rise by one from block to block, so that what is missing is known without a list of it: a hole
 * between two blocks is a gap, unless a stored gap event ahead of it says that a repair took the blocks out. What
 * is missing ahead of the oldest segment was deleted by retention and is none; what retention deletes while the walk is on
 * its way there is a gap. Internal to store. */
#ifndef STORE_READ_BLOCK_CURSOR_H
#define STORE_READ_BLOCK_CURSOR_H

#include "store/read/log.h"
#include "store/read/segment_reader.h"
#include "wire/source.h"

enum { STORE__GAP_TEXT = 700 };

enum store__cursor_step { STORE__AT_END, STORE__AT_BLOCK, STORE__AT_GAP };

/* One side of a hole: the sequence number there, and the time of the event next to it. seq 0: not known. */
struct store__edge {
	uint64_t seq;
	int64_t time_ns;
	uint64_t explained; /* a stored gap event says that numbers below are lost */
};

/* Listed segments that were passed over since the last block. */
struct store__passed {
	bool deleted;              /* retention took some while we were on our way to them */
	uint64_t first, last;      /* the numbers they are named by; 0 = there are none */
	uint64_t unreadable;       /* that of the last one that cannot be read; 0 = there is none */
	uint64_t unreadable_bytes; /* its size */
	int64_t time_ns;           /* when one of them was last written to */
};

struct store__block_cursor {
	char *path; /* owned */
	bool reverse, follow;
	struct store_log_segments segments;
	uint32_t lists; /* how often it was listed again */
	size_t next;    /* in the list: forward, the next one to open; in reverse, how many are left */

	struct store_segment_reader *segment; /* the open one, or NULL */
	uint64_t segment_seq;                 /* of its first event */
	size_t entry;                         /* of the block the walk is at */
	size_t cursor; /* in the index: forward, the next block; in reverse, how many are left */

	struct store__edge
	    edge;           /* forward, where the next block should begin; in reverse, where it should end */
	uint64_t start_seq; /* what is numbered below is passed over */
	struct store__passed passed;
	struct store__passed told; /* following: an unreadable last segment that was told of */
	bool has_told_tail;        /* following: damage at the end of the open segment was told of */
	bool ended;                /* all holes up to the end were told */

	struct store_block *scratch;
	struct wire_event gap; /* after STORE__AT_GAP */
	char gap_text[STORE__GAP_TEXT];
	struct wire_damage damage; /* told so far */
};

/* Begin at the log or segment at path. Following, it need not exist yet. 0, or a negative code with *fault. In any case
 * the walk is to be given to store__block_cursor_fini. */
int store__block_cursor_init(struct store__block_cursor *walk, const char *path, bool reverse, bool follow,
			     struct wire_fault *fault);
void store__block_cursor_fini(struct store__block_cursor *walk);

/* Forward, before the first step: pass over all that is numbered below seq, whole segments unopened. */
void store__block_cursor_start_at(struct store__block_cursor *walk, uint64_t seq);

/* One step on. STORE__AT_BLOCK: entry number walk->entry of walk->segment. STORE__AT_GAP: walk->gap stands for what is
 * missing here, valid until the next step. STORE__AT_END: no more; following, no more yet. Or a negative code with
 * *fault. */
int store__block_cursor_next(struct store__block_cursor *walk, struct wire_fault *fault);

/* A block that the cursor was at cannot be read: make cursor->gap stand for it. */
void store__block_cursor_give_up(struct store__block_cursor *cursor,
				 const struct store_segment_reader *segment, size_t entry);

static inline const struct store_index_entry *store__block_cursor_entry(
    const struct store__block_cursor *walk)
{
	return &walk->segment->index.entries[walk->entry];
}

#endif
