#include "tap/side.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* TCP's largest window (RFC 7323) is as far as a segment can be from where its side is. After STRAYS_MAX in a row that
 * are farther the capture must have missed more than that. */
#define WINDOW (UINT32_C(1) << 30)
enum { STRAYS_MAX = 16 };

static uint32_t ahead(const struct tap__side *side, uint32_t seq)
{
	return seq - side->next;
}

static bool is_behind(const struct tap__side *side, uint32_t seq)
{
	return side->next - seq - 1 < WINDOW;
}

static uint32_t run_bytes(const struct tap__run *run)
{
	return (uint32_t)run->data.len + run->missing;
}

static uint32_t piece_bytes(const struct tap__piece *piece)
{
	return piece->len + piece->missing;
}

/* ---- telling ---- */

/* The time to tell something with: it does not go back within a side. */
static int64_t stamp(struct tap__side *side, int64_t time_ns)
{
	if (time_ns > side->time_ns)
		side->time_ns = time_ns;
	return side->time_ns;
}

static void advance(struct tap__side *side, uint32_t bytes)
{
	side->next += bytes;
	if ((int32_t)(side->acked - side->next) < 0)
		side->acked = side->next;
}

static bool tell_hole(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns, uint32_t bytes,
		      enum tap_hole why)
{
	if (bytes == 0)
		return true;
	advance(side, bytes);
	assembly->stats.holes[why]++;
	assembly->stats.hole_bytes[why] += bytes;
	return assembly->handler->hole(assembly->handler, side->handle, side->which, stamp(side, time_ns),
				       bytes, why);
}

/* Data, and the bytes cut off behind it. Hot. */
static bool tell(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns,
		 struct wire_slice data, uint32_t missing, bool is_pushed)
{
	struct tap_flow_handler *handler = assembly->handler;
	if (data.len > 0) {
		advance(side, (uint32_t)data.len);
		assembly->stats.data_bytes += data.len;
		if (!handler->data(handler, side->handle, side->which, stamp(side, time_ns), data))
			return false;
		if (is_pushed && missing == 0 && handler->pushed)
			handler->pushed(handler, side->handle, side->which, side->time_ns);
	}
	return tell_hole(assembly, side, time_ns, missing, TAP_HOLE_CUT);
}

/* ---- runs ---- */

/* Take bytes off the front. */
static void trim_front(struct tap__run *run, uint32_t bytes)
{
	uint32_t data = bytes < run->data.len ? bytes : (uint32_t)run->data.len;
	run->seq += bytes;
	if (data > 0)
		run->data = wire_slice(run->data.data + data, run->data.len - data);
	run->missing -= bytes - data;
}

/* Keep so many bytes. */
static void trim_back(struct tap__run *run, uint32_t bytes)
{
	if (bytes >= run_bytes(run))
		return;
	run->has_fin = run->is_pushed = false;
	if (bytes >= run->data.len) {
		run->missing = bytes - (uint32_t)run->data.len;
		return;
	}
	run->data.len = bytes;
	run->missing = 0;
}

static struct tap__run first_bytes(struct tap__run run, uint32_t bytes)
{
	trim_back(&run, bytes);
	return run;
}

/* ---- the list of those who wait ---- */

static void stop_waiting(struct tap__assembly *assembly, struct tap__side *side)
{
	if (side->waiting_before)
		side->waiting_before->waiting_after = side->waiting_after;
	else
		assembly->longest_waiting = side->waiting_after;
	if (side->waiting_after)
		side->waiting_after->waiting_before = side->waiting_before;
	else
		assembly->last_waiting = side->waiting_before;
}

static void start_waiting(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	side->waiting_since_ns = time_ns;
	side->waiting_after = NULL;
	side->waiting_before = assembly->last_waiting;
	if (assembly->last_waiting)
		assembly->last_waiting->waiting_after = side;
	else
		assembly->longest_waiting = side;
	assembly->last_waiting = side;
}

/* ---- pieces ---- */

/* Keep a run before piece `behind` (NULL: as the last). False when there is no memory for it. */
static bool keep(struct tap__assembly *assembly, struct tap__side *side, struct tap__piece *behind,
		 const struct tap__run *run)
{
	uint64_t bytes = sizeof(struct tap__piece) + run->data.len;
	if (!tap_budget_take(assembly->budget, bytes))
		return false;
	struct tap__piece *piece = malloc(bytes);
	if (!piece) {
		tap_budget_give(assembly->budget, bytes);
		return false;
	}
	*piece = (struct tap__piece){.previous = behind ? behind->previous : side->last_piece,
				     .next = behind,
				     .time_ns = run->time_ns,
				     .number = side->out_of_order,
				     .seq = run->seq,
				     .len = (uint32_t)run->data.len,
				     .missing = run->missing,
				     .is_pushed = run->is_pushed};
	if (piece->len > 0)
		memcpy(piece->data, run->data.data, piece->len);
	*(piece->previous ? &piece->previous->next : &side->first_piece) = piece;
	*(behind ? &behind->previous : &side->last_piece) = piece;
	side->kept_bytes += bytes;
	if (side->pieces++ == 0)
		start_waiting(assembly, side, run->time_ns);
	return true;
}

static void free_first(struct tap__assembly *assembly, struct tap__side *side)
{
	struct tap__piece *piece = side->first_piece;
	uint64_t bytes = sizeof *piece + piece->len;
	side->first_piece = piece->next;
	*(piece->next ? &piece->next->previous : &side->last_piece) = NULL;
	side->kept_bytes -= bytes;
	tap_budget_give(assembly->budget, bytes);
	free(piece);
	if (--side->pieces == 0)
		stop_waiting(assembly, side);
}

/* Has the piece another version of a byte of the run? */
static bool differs(const struct tap__run *run, const struct tap__piece *piece)
{
	uint32_t in_run = 0, in_piece = 0;
	if ((int32_t)(piece->seq - run->seq) > 0)
		in_run = piece->seq - run->seq;
	else
		in_piece = run->seq - piece->seq;
	if (in_run >= run->data.len || in_piece >= piece->len)
		return false;
	size_t len = run->data.len - in_run;
	if (len > piece->len - in_piece)
		len = piece->len - in_piece;
	return memcmp(run->data.data + in_run, piece->data + in_piece, len) != 0;
}

/* The first piece that does not end before `seq`. From the end: most runs go there. */
static struct tap__piece *find_piece(const struct tap__side *side, uint32_t seq)
{
	struct tap__piece *found = NULL;
	for (struct tap__piece *piece = side->last_piece; piece; piece = piece->previous) {
		if (ahead(side, piece->seq) + piece_bytes(piece) <= ahead(side, seq))
			break;
		found = piece;
	}
	return found;
}

static void count_conflict(struct tap__assembly *assembly, const struct tap__run *run,
			   const struct tap__piece *piece)
{
	for (; piece && (int32_t)(piece->seq - run->seq - (uint32_t)run->data.len) < 0; piece = piece->next) {
		if (!differs(run, piece))
			continue;
		assembly->stats.conflicts++;
		return;
	}
}

/* Tell the pieces that follow on what was told. */
static bool tell_pieces(struct tap__assembly *assembly, struct tap__side *side)
{
	bool is_of_interest = true;
	while (side->first_piece && side->first_piece->seq == side->next && is_of_interest) {
		struct tap__piece *piece = side->first_piece;
		is_of_interest = tell(assembly, side, piece->time_ns, wire_slice(piece->data, piece->len),
				      piece->missing, piece->is_pushed);
		free_first(assembly, side);
	}
	return is_of_interest;
}

/* There was progress, or a look at it: who waits now goes behind those who have waited longer. */
static void wait_anew(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!side->first_piece)
		return;
	stop_waiting(assembly, side);
	start_waiting(assembly, side, time_ns);
}

/* Tell of the hole before the first piece, and what is behind it up to the next hole. */
static bool give_up(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why)
{
	const struct tap__piece *piece = side->first_piece;
	return tell_hole(assembly, side, piece->time_ns, ahead(side, piece->seq), why) &&
	       tell_pieces(assembly, side);
}

static bool give_up_all(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why)
{
	while (side->first_piece)
		if (!give_up(assembly, side, why))
			return false;
	return true;
}

/* Has the hole been there for too long? */
static bool is_hopeless(const struct tap__assembly *assembly, const struct tap__side *side, int64_t time_ns)
{
	const struct tap_streams_options *options = &assembly->options;
	const struct tap__piece *piece = side->first_piece;
	int64_t waited_ns = time_ns - piece->time_ns;
	bool is_acked = ahead(side, side->acked) >= ahead(side, piece->seq);
	return waited_ns >= options->patience_ns ||
	       (is_acked && (waited_ns >= options->acked_patience_ns ||
			     side->out_of_order - piece->number >= options->acked_patience_segments));
}

static bool is_over_bounds(const struct tap__assembly *assembly, const struct tap__side *side)
{
	return side->kept_bytes > assembly->options.side_bytes_max ||
	       side->pieces > assembly->options.side_pieces_max;
}

static bool give_up_hopeless(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	while (side->first_piece && is_hopeless(assembly, side, time_ns))
		if (!give_up(assembly, side, TAP_HOLE_LOST))
			return false;
	while (side->first_piece && is_over_bounds(assembly, side))
		if (!give_up(assembly, side, TAP_HOLE_LIMIT))
			return false;
	return true;
}

/* ---- runs that come in ---- */

/* A run that begins at `next`: between the pieces it meets, its own bytes are told. */
static bool take_next(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	count_conflict(assembly, &run, side->first_piece);
	while (run_bytes(&run) > 0) {
		const struct tap__piece *piece = side->first_piece;
		struct tap__run own = first_bytes(run, piece ? ahead(side, piece->seq) : UINT32_MAX);
		if (!tell(assembly, side, run.time_ns, own.data, own.missing, own.is_pushed) ||
		    !tell_pieces(assembly, side))
			return false;
		uint32_t told = side->next - run.seq;
		if (told > run_bytes(&run))
			told = run_bytes(&run);
		assembly->stats.retransmitted_bytes += told - run_bytes(&own);
		trim_front(&run, told);
	}
	wait_anew(assembly, side, run.time_ns);
	return true;
}

/* A run ahead of `next`: keep its bytes where no piece has them, and take them off. False when there is no memory for
 * what is left. */
static bool keep_new(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	struct tap__piece *piece = find_piece(side, run->seq);
	count_conflict(assembly, run, piece);
	while (run_bytes(run) > 0) {
		uint32_t room = UINT32_MAX; /* before the piece */
		if (piece)
			room = ahead(side, piece->seq) > ahead(side, run->seq) ? piece->seq - run->seq : 0;
		struct tap__run own = first_bytes(*run, room);
		if (run_bytes(&own) > 0 && !keep(assembly, side, piece, &own))
			return false;
		trim_front(run, run_bytes(&own));
		if (run_bytes(run) == 0)
			break;
		uint32_t seen = piece->seq + piece_bytes(piece) - run->seq;
		if (seen > run_bytes(run))
			seen = run_bytes(run);
		assembly->stats.retransmitted_bytes += seen;
		trim_front(run, seen);
		piece = piece->next;
	}
	return true;
}

/* An end that no piece reaches has one of its own. */
static bool keep_end(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	const struct tap__piece *last = side->last_piece;
	if (!side->has_fin || side->next == side->fin || (last && last->seq + piece_bytes(last) == side->fin))
		return true;
	return keep(assembly, side, NULL, &(struct tap__run){.seq = side->fin, .time_ns = time_ns});
}

/* No memory to keep a run: give up all holes before it, so that it need not be kept. */
static bool tell_ahead(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	while (side->first_piece && ahead(side, side->first_piece->seq) < ahead(side, run.seq))
		if (!give_up(assembly, side, TAP_HOLE_LIMIT))
			return false;
	assert(!is_behind(side, run.seq)); /* what is left begins where no piece is */
	return tell_hole(assembly, side, run.time_ns, ahead(side, run.seq), TAP_HOLE_LIMIT) &&
	       take_next(assembly, side, run);
}

static bool take_ahead(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	assembly->stats.out_of_order_segments++;
	side->out_of_order++;
	if (!keep_new(assembly, side, &run) || !keep_end(assembly, side, run.time_ns))
		return tell_ahead(assembly, side, run);
	return give_up_hopeless(assembly, side, run.time_ns);
}

/* The capture has missed more than a window: go on from here. */
static bool jump(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run)
{
	side->has_fin = false;
	if (!give_up_all(assembly, side, TAP_HOLE_LOST))
		return false;
	if (is_behind(side, run->seq))
		return true;
	bool is_of_interest = tell_hole(assembly, side, run->time_ns, ahead(side, run->seq), TAP_HOLE_LOST);
	side->acked = side->next; /* which may be too far back to compare */
	return is_of_interest;
}

/* A run out of reach, and not the last of many: false with `strays` over 0 when it is. */
static bool is_stray(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run)
{
	if (is_behind(side, run->seq) || ahead(side, run->seq) <= WINDOW) {
		side->strays = 0;
		return false;
	}
	assembly->stats.strays++;
	return ++side->strays < STRAYS_MAX;
}

/* Take off what was told before. False when nothing is left. */
static bool trim_told(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	uint32_t told = side->next - run->seq, bytes = run_bytes(run);
	if (told == 1 && bytes <= 1 && !run->has_fin)
		assembly->stats.keep_alives++;
	if (told > bytes)
		told = bytes;
	assembly->stats.retransmitted_bytes += told;
	trim_front(run, told);
	return run_bytes(run) > 0 || (run->has_fin && run->seq == side->next);
}

/* Where the side ends. What lies behind its first FIN is not of this connection. */
static void take_fin(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	if (run->has_fin && !side->has_fin &&
	    (!side->last_piece || ahead(side, run->seq) + run_bytes(run) >=
				      ahead(side, side->last_piece->seq) + piece_bytes(side->last_piece))) {
		side->has_fin = true;
		side->fin = run->seq + run_bytes(run);
	}
	if (!side->has_fin)
		return;
	uint32_t bytes = run_bytes(run), room = 0;
	if (ahead(side, run->seq) < ahead(side, side->fin))
		room = side->fin - run->seq;
	if (bytes > room) {
		assembly->stats.ended_bytes += bytes - room;
		trim_back(run, room);
	}
}

void tap__side_begin(struct tap__side *side, uint32_t seq)
{
	side->first = side->next = side->acked = seq;
	side->is_known = true;
}

/* The sender had nothing more to send: TCP would have made the segment longer. */
static bool ends_a_write(struct tap__side *side, const struct tap__run *run)
{
	uint32_t bytes = run_bytes(run);
	if (bytes > side->longest)
		side->longest = bytes;
	return run->is_pushed && (bytes < side->longest || bytes < TAP_SEGMENT_BYTES_MIN);
}

bool tap__side_take(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	run.is_pushed = ends_a_write(side, &run);
	if (run.seq == side->next && !side->first_piece && !side->has_fin && !run.has_fin) { /* hot */
		side->strays = 0;
		return tell(assembly, side, run.time_ns, run.data, run.missing, run.is_pushed);
	}
	if (is_stray(assembly, side, &run))
		return true;
	if (side->strays > 0 && !jump(assembly, side, &run))
		return false;
	side->strays = 0;
	if (is_behind(side, run.seq) && !trim_told(assembly, side, &run))
		return true;
	take_fin(assembly, side, &run);
	if (run.seq == side->next)
		return take_next(assembly, side, run);
	if (run_bytes(&run) == 0 && !run.has_fin)
		return true;
	return take_ahead(assembly, side, run);
}

bool tap__side_acknowledge(struct tap__assembly *assembly, struct tap__side *side, uint32_t seq,
			   int64_t time_ns)
{
	if (ahead(side, seq) < WINDOW && ahead(side, seq) > ahead(side, side->acked))
		side->acked = seq;
	return !side->first_piece || give_up_hopeless(assembly, side, time_ns);
}

bool tap__side_expire(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!give_up_hopeless(assembly, side, time_ns))
		return false;
	wait_anew(assembly, side, time_ns);
	return true;
}

/* The bytes behind the last that was seen, which the other side acknowledged. One byte is a FIN, and no byte, that the
 * capture missed. */
static uint32_t unseen_bytes(const struct tap__side *side)
{
	uint32_t bytes = ahead(side, side->has_fin ? side->fin : side->acked);
	return bytes == 1 && !side->has_fin ? 0 : bytes;
}

bool tap__side_finish(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns,
		      enum tap_hole why)
{
	return !side->is_known || (give_up_all(assembly, side, why) &&
				   tell_hole(assembly, side, time_ns, unseen_bytes(side), TAP_HOLE_LOST));
}

void tap__side_fini(struct tap__assembly *assembly, struct tap__side *side)
{
	while (side->first_piece)
		free_first(assembly, side);
}
