#include "tap/stream/pieces.h"

#include <stdlib.h>
#include <string.h>

/* Segments in order, while a piece waits, after which it is doubtful. */
enum { DOUBTFUL_IN_ORDER = 8 };

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

bool tap__tell_hole(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns, uint32_t bytes,
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
bool tap__tell(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run)
{
	struct tap_flow_handler *handler = assembly->handler;
	if (run->data.len > 0) {
		advance(side, (uint32_t)run->data.len);
		assembly->stats.data_bytes += run->data.len;
		if (!handler->data(handler, side->handle, side->which, stamp(side, run->time_ns), run->data))
			return false;
		if (run->is_pushed && run->missing == 0 && handler->pushed)
			handler->pushed(handler, side->handle, side->which, side->time_ns);
	}
	return tap__tell_hole(assembly, side, run->time_ns, run->missing, TAP_HOLE_CUT);
}

/* ---- runs ---- */

/* Take bytes off the front. */
void tap__run_trim_front(struct tap__run *run, uint32_t bytes)
{
	uint32_t data = bytes < run->data.len ? bytes : (uint32_t)run->data.len;
	run->seq += bytes;
	if (data > 0)
		run->data = wire_slice(run->data.data + data, run->data.len - data);
	run->missing -= bytes - data;
}

/* Keep so many bytes. */
void tap__run_trim_back(struct tap__run *run, uint32_t bytes)
{
	if (bytes >= tap__run_bytes(run))
		return;
	run->has_fin = run->is_pushed = false;
	if (bytes >= run->data.len) {
		run->missing = bytes - (uint32_t)run->data.len;
		return;
	}
	run->data.len = bytes;
	run->missing = 0;
}

struct tap__run tap__run_first(struct tap__run run, uint32_t bytes)
{
	tap__run_trim_back(&run, bytes);
	return run;
}

/* ---- the lists of those who wait ---- */

static struct tap__waiting *waiting_of(struct tap__assembly *assembly, const struct tap__side *side)
{
	return side->is_settling ? &assembly->settling : &assembly->waiting;
}

static void stop_waiting(struct tap__assembly *assembly, struct tap__side *side)
{
	struct tap__waiting *waiting = waiting_of(assembly, side);
	*(side->waiting_before ? &side->waiting_before->waiting_after : &waiting->longest) =
	    side->waiting_after;
	*(side->waiting_after ? &side->waiting_after->waiting_before : &waiting->last) = side->waiting_before;
}

static void start_waiting(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	struct tap__waiting *waiting = waiting_of(assembly, side);
	side->waiting_since_ns = time_ns;
	side->waiting_after = NULL;
	side->waiting_before = waiting->last;
	*(waiting->last ? &waiting->last->waiting_after : &waiting->longest) = side;
	waiting->last = side;
}

/* ---- pieces ---- */

/* Keep a run before piece `behind` (NULL: as the last). False when there is no memory for it. */
bool tap__pieces_keep(struct tap__assembly *assembly, struct tap__side *side, struct tap__piece *behind,
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
				     .in_order = side->in_order,
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
		if (tap__ahead(side, piece->seq) + tap__piece_bytes(piece) <= tap__ahead(side, seq))
			break;
		found = piece;
	}
	return found;
}

void tap__pieces_count_conflict(struct tap__assembly *assembly, const struct tap__run *run,
				const struct tap__piece *piece)
{
	for (; piece && (int32_t)(piece->seq - run->seq - (uint32_t)run->data.len) < 0; piece = piece->next) {
		if (!differs(run, piece))
			continue;
		assembly->stats.conflicts++;
		return;
	}
}

/* A run ahead of `next`: keep its bytes where no piece has them, and take them off. False when there is no memory for
 * what is left. */
bool tap__pieces_keep_new(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	struct tap__piece *piece = find_piece(side, run->seq);
	tap__pieces_count_conflict(assembly, run, piece);
	while (tap__run_bytes(run) > 0) {
		uint32_t room = UINT32_MAX; /* before the piece */
		if (piece)
			room = tap__ahead(side, piece->seq) > tap__ahead(side, run->seq)
				   ? piece->seq - run->seq
				   : 0;
		struct tap__run own = tap__run_first(*run, room);
		if (tap__run_bytes(&own) > 0 && !tap__pieces_keep(assembly, side, piece, &own))
			return false;
		tap__run_trim_front(run, tap__run_bytes(&own));
		if (tap__run_bytes(run) == 0)
			break;
		uint32_t seen = piece->seq + tap__piece_bytes(piece) - run->seq;
		if (seen > tap__run_bytes(run))
			seen = tap__run_bytes(run);
		assembly->stats.retransmitted_bytes += seen;
		tap__run_trim_front(run, seen);
		piece = piece->next;
	}
	return true;
}

/* Tell the pieces that follow on what was told. */
bool tap__pieces_tell(struct tap__assembly *assembly, struct tap__side *side)
{
	bool is_of_interest = true;
	while (side->first_piece && side->first_piece->seq == side->next && is_of_interest) {
		const struct tap__piece *piece = side->first_piece;
		const struct tap__run run = {.data = wire_slice(piece->data, piece->len),
					     .missing = piece->missing,
					     .is_pushed = piece->is_pushed,
					     .time_ns = piece->time_ns};
		is_of_interest = tap__tell(assembly, side, &run);
		free_first(assembly, side);
	}
	return is_of_interest;
}

/* There was progress, or a look at it: who waits now goes behind those who have waited longer. */
void tap__pieces_wait_again(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!side->first_piece)
		return;
	stop_waiting(assembly, side);
	start_waiting(assembly, side, time_ns);
}

void tap__pieces_end_settling(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (side->first_piece)
		stop_waiting(assembly, side);
	side->is_settling = false;
	if (side->first_piece)
		start_waiting(assembly, side, time_ns);
}

/* Tell of the hole before the first piece, and what is behind it up to the next hole. */
bool tap__pieces_give_up(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why)
{
	const struct tap__piece *piece = side->first_piece;
	return tap__tell_hole(assembly, side, piece->time_ns, tap__ahead(side, piece->seq), why) &&
	       tap__pieces_tell(assembly, side);
}

bool tap__pieces_give_up_all(struct tap__assembly *assembly, struct tap__side *side, enum tap_hole why)
{
	while (side->first_piece)
		if (!tap__pieces_give_up(assembly, side, why))
			return false;
	return true;
}

/* The other side has acknowledged what it has since the piece came, and the hole was not in it: the hole's bytes are
 * not lost, but still to come. */
static bool is_denied(const struct tap__side *side, const struct tap__piece *piece)
{
	return side->heard_ns > piece->time_ns;
}

/* Has the hole been there for too long? Not while bytes before it come in: it is the piece that is doubtful then. */
static bool is_hopeless(const struct tap__assembly *assembly, const struct tap__side *side, int64_t time_ns)
{
	const struct tap_streams_options *options = &assembly->options;
	const struct tap__piece *piece = side->first_piece;
	int64_t waited_ns = time_ns - piece->time_ns;
	if (tap__ahead(side, side->acked) >= tap__ahead(side, piece->seq))
		return waited_ns >= options->acked_patience_ns ||
		       side->out_of_order - piece->number >= options->acked_patience_segments;
	if (side->time_ns > piece->time_ns)
		waited_ns = time_ns - side->time_ns;
	return waited_ns >= (is_denied(side, piece) ? options->silence_ns : options->patience_ns);
}

static bool is_over_bounds(const struct tap__assembly *assembly, const struct tap__side *side)
{
	return side->kept_bytes > assembly->options.side_bytes_max ||
	       side->pieces > assembly->options.side_pieces_max;
}

/* The side went on before the piece for long, and the other side never acknowledged it: it is not from this side. */
static bool is_doubtful(const struct tap__side *side, const struct tap__piece *piece)
{
	return side->in_order - piece->in_order >= DOUBTFUL_IN_ORDER &&
	       tap__ahead(side, side->acked) < tap__ahead(side, piece->seq);
}

static void drop_first(struct tap__assembly *assembly, struct tap__side *side)
{
	const struct tap__piece *piece = side->first_piece;
	assembly->stats.strays++;
	assembly->stats.stray_bytes += tap__piece_bytes(piece);
	if (side->has_fin && side->fin == piece->seq + tap__piece_bytes(piece))
		side->has_fin = false;
	free_first(assembly, side);
}

void tap__pieces_drop_doubtful(struct tap__assembly *assembly, struct tap__side *side)
{
	while (side->first_piece && is_doubtful(side, side->first_piece))
		drop_first(assembly, side);
}

void tap__pieces_drop_all(struct tap__assembly *assembly, struct tap__side *side)
{
	while (side->first_piece)
		drop_first(assembly, side);
}

bool tap__pieces_give_up_hopeless(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	while (side->first_piece && is_hopeless(assembly, side, time_ns)) {
		if (is_doubtful(side, side->first_piece))
			drop_first(assembly, side);
		else if (!tap__pieces_give_up(assembly, side, TAP_HOLE_LOST))
			return false;
	}
	while (side->first_piece && is_over_bounds(assembly, side))
		if (!tap__pieces_give_up(assembly, side, TAP_HOLE_LIMIT))
			return false;
	return true;
}

void tap__pieces_fini(struct tap__assembly *assembly, struct tap__side *side)
{
	while (side->first_piece)
		free_first(assembly, side);
}
