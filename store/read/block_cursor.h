/* block_cursor.h - go from block to block through a log, in either direction, and find the places where blocks are missing.
 *
 * Sequence numbers go on from block to block, so that no list of blocks is needed to find a hole. A hole between two
 * blocks is a gap, unless a stored gap event before it says that a repair removed the blocks. Blocks before the oldest
 * segment were deleted by retention and are no gap; segments that retention deletes before the cursor reaches them are.
 * Internal to store. */
#ifndef STORE_READ_BLOCK_CURSOR_H
#define STORE_READ_BLOCK_CURSOR_H

#include "store/read/log.h"
#include "store/read/segment_reader.h"
#include "wire/progress.h"
#include "wire/source.h"

enum { STORE__GAP_TEXT = 700 };

enum store__cursor_step { STORE__AT_END, STORE__AT_BLOCK, STORE__AT_GAP };

/* The edge of a hole: the sequence number there, and the time of the event next to it. seq 0: not known. */
struct store__edge {
	uint64_t seq;
	int64_t time_ns;
	uint64_t explained; /* a stored gap event says that numbers below this one are lost */
};

/* Listed segments that were skipped since the last block. */
struct store__passed {
	bool deleted;              /* retention deleted some before the cursor reached them */
	uint64_t first, last;      /* the numbers they are named by; 0 = there are none */
	uint64_t unreadable;       /* that of the last one that cannot be read; 0 = there is none */
	uint64_t unreadable_bytes; /* its size */
	int64_t time_ns;           /* when one of them was last written to */
};

struct store__block_cursor {
	char *path; /* owned */
	bool reverse, follow;
	struct store_log_segments segments;
	uint32_t lists; /* how often the log was listed again */
	size_t next;    /* in the list: forward, the next one to open; in reverse, how many are left */

	struct store_segment_reader *segment; /* the open one, or NULL */
	uint64_t segment_seq;                 /* of its first event */
	size_t entry;                         /* of the block that the cursor is at */
	size_t at; /* in the index: forward, the next block; in reverse, how many are left */

	struct store__edge
	    edge;           /* forward, where the next block should begin; in reverse, where it should end */
	uint64_t start_seq; /* events below this number are skipped */
	struct store__passed passed;
	struct store__passed reported; /* following: an unreadable last segment that was reported */
	bool has_reported_tail;        /* following: damage at the end of the open segment was reported */
	bool ended;                    /* all holes up to the end were reported */

	struct wire_progress *progress; /* borrowed; NULL: nobody waits. Set it after init */
	struct store_block *scratch;
	struct wire_event gap; /* after STORE__AT_GAP */
	char gap_text[STORE__GAP_TEXT];
	struct wire_damage damage; /* reported so far */
};

/* Begin with the log or segment at path. Following, it need not exist yet. 0, or a negative code with *fault. In either
 * case call store__block_cursor_fini. */
int store__block_cursor_init(struct store__block_cursor *cursor, const char *path, bool reverse, bool follow,
			     struct wire_fault *fault);
void store__block_cursor_fini(struct store__block_cursor *cursor);

/* Forward, before the first step: skip events below number seq, and do not even open segments of only such events. */
void store__block_cursor_start_at(struct store__block_cursor *cursor, uint64_t seq);

/* Go one step on. STORE__AT_BLOCK: to entry cursor->entry of cursor->segment. STORE__AT_GAP: blocks are missing here, for
 * which cursor->gap stands, valid until the next step. STORE__AT_END: there are no more, or following, none yet, or
 * `progress` said stop. Or a negative code with *fault. */
int store__block_cursor_next(struct store__block_cursor *cursor, struct wire_fault *fault);

/* A block that the cursor was at cannot be read: make cursor->gap stand for it. */
void store__block_cursor_give_up(struct store__block_cursor *cursor,
				 const struct store_segment_reader *segment, size_t entry);

static inline const struct store_index_entry *store__block_cursor_entry(
    const struct store__block_cursor *cursor)
{
	return &cursor->segment->index.entries[cursor->entry];
}

#endif
