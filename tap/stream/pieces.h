/* pieces.h - what a side tells, and the pieces that it keeps behind a hole. Internal to tap: the lower half of
 * tap/stream/side.h. Functions that tell return false once the handler is not interested any more. */
#ifndef TAP_STREAM_PIECES_H
#define TAP_STREAM_PIECES_H

#include "tap/stream/side.h"

/* Sequence numbers less than this ahead of or behind `next` can be told apart. */
#define TAP__HALF (UINT32_C(1) << 31)

static inline uint32_t tap__ahead(const struct tap__side *side, uint32_t seq)
{
	return seq - side->next;
}

static inline bool tap__is_behind(const struct tap__side *side, uint32_t seq)
{
	return tap__ahead(side, seq) >= TAP__HALF;
}

static inline uint32_t tap__piece_bytes(const struct tap__piece *piece)
{
	return piece->len + piece->missing;
}

/* Behind the last byte that was told or is kept. */
static inline uint32_t tap__side_highest(const struct tap__side *side)
{
	const struct tap__piece *last = side->last_piece;
	return last ? last->seq + tap__piece_bytes(last) : side->next;
}

/* Tell of missing bytes; none is fine. */
bool tap__tell_hole(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns, uint32_t bytes,
		    enum tap_hole why);

/* Tell the data of a run that begins at `next`, and the bytes cut off behind it. Hot. */
bool tap__tell(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run);

/* Take bytes off the front; keep so many; a copy of the first so many. */
void tap__run_trim_front(struct tap__run *run, uint32_t bytes);
void tap__run_trim_back(struct tap__run *run, uint32_t bytes);
struct tap__run tap__run_first(struct tap__run run, uint32_t bytes);

/* Keep a run before piece `behind` (NULL: as the last). False when there is no memory for it. */
bool tap__pieces_keep(struct tap__assembly *assembly, struct tap__side *side, struct tap__piece *behind,
		      const struct tap__run *run);

/* Keep the bytes of a run that no piece has, and take them off it. False when there is no memory for what is left. */
bool tap__pieces_keep_new(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run);

/* Count a segment that differs from the pieces, of which `piece` is the first that it may meet. */
void tap__pieces_count_conflict(struct tap__assembly *assembly, const struct tap__run *run,
				const struct tap__piece *piece);

/* Tell the pieces that follow on what was told. */
bool tap__pieces_tell(struct tap__assembly *assembly, struct tap__side *side);

/* There was progress, or a look at it: a side that waits goes to the end of the list. */
void tap__pieces_wait_again(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* The side settles no more: its pieces wait in the other list. */
void tap__pieces_end_settling(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* Tell of the hole before the first piece, and what is behind it up to the next hole. */
bool tap__pieces_give_up(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why);
bool tap__pieces_give_up_all(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why);

/* Give up the holes whose time is over, and those behind which more is kept than allowed. */
bool tap__pieces_give_up_hopeless(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns);

/* Forget pieces, counting them as strays: those that are doubtful, as the side went on before them; or all. */
void tap__pieces_drop_doubtful(struct tap__assembly *assembly, struct tap__side *side);
void tap__pieces_drop_all(struct tap__assembly *assembly, struct tap__side *side);

/* Forget the pieces. */
void tap__pieces_fini(struct tap__assembly *assembly, struct tap__side *side);

#endif
