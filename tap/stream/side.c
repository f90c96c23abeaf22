#include "tap/stream/side.h"

#include <assert.h>

#include "tap/stream/pieces.h"

/* Where the other side's window is not known, it is taken for this: more than any host of today advertises. What was
 * told may be repeated from as far back. */
#define REACH_BYTES (UINT32_C(16) << 20)

/* A known window may be stale, for the capture may miss acknowledgements: so much is believed at least. */
#define REACH_BYTES_MIN (UINT32_C(64) << 10)

/* Segments that follow on each other far from where their side is: the capture must have missed what is between. */
enum { FOLLOWERS_MAX = 16 };

/* Segments of a side in order after which what it has set aside is forgotten. */
enum { ASIDE_IDLE_MAX = 64 };

/* A beginning is known once the side has sent so many segments. */
enum { SETTLING_PIECES_MAX = 16 };

/* Earlier bytes than the first seen are a side's own when they are this near. */
#define EARLY_BYTES (UINT32_C(1) << 20)

/* Timestamps this much before the latest are of an earlier segment (RFC 7323, 5), however the capture is ordered; as
 * many segments as this in a row show that the sender's clock was set anew. */
enum { TIMESTAMP_SLACK = 1000, OLD_TIMESTAMPS_MAX = 16 };

void tap__leftover_add(struct tap_leftover *left, uint64_t bytes, int64_t time_ns)
{
	if (left->bytes == 0)
		left->from_ns = time_ns;
	left->bytes += bytes;
	left->to_ns = time_ns;
}

void tap__side_begin(struct tap__side *side, uint32_t seq)
{
	side->first = side->next = side->acked = seq;
	side->is_known = true;
}

void tap__side_begin_midstream(struct tap__side *side, uint32_t seq)
{
	bool is_expected = side->has_hint && side->acked == seq;
	tap__side_begin(side, seq);
	side->is_settling = !is_expected;
}

/* ---- what TCP would take ---- */

/* How far ahead a segment may begin. */
static uint32_t reach(const struct tap__side *side)
{
	if (!side->has_edge)
		return REACH_BYTES;
	uint32_t room = tap__ahead(side, side->edge);
	return room > REACH_BYTES_MIN && room < TAP__HALF ? room : REACH_BYTES_MIN;
}

bool tap__side_is_far(const struct tap__side *side, const struct tap__run *run)
{
	if (run->seq == side->next || !side->is_known) /* hot */
		return false;
	if (!tap__is_behind(side, run->seq))
		return tap__ahead(side, run->seq) > reach(side);
	return side->next - run->seq > REACH_BYTES + tap__run_bytes(run);
}

bool tap__side_expects(const struct tap__side *side, uint32_t seq)
{
	if (!side->is_known)
		return side->has_hint && seq == side->acked;
	if (side->has_fin && seq == side->fin + 1)
		return true;
	return seq == side->acked || seq == (side->is_settling ? tap__side_highest(side) : side->next) ||
	       (side->has_claim && seq == side->claim);
}

/* ---- what is set aside ---- */

void tap__side_set_aside(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run)
{
	tap__aside_put(assembly, &side->aside, run);
}

bool tap__side_has_moved(const struct tap__side *side)
{
	return side->aside.followers >= FOLLOWERS_MAX ||
	       (side->aside.pieces > 0 && side->has_claim && tap__aside_has(&side->aside, side->claim));
}

/* The side goes on elsewhere: nothing confirms what is set aside, which is forgotten after a while. */
static void go_on_here(struct tap__assembly *assembly, struct tap__side *side)
{
	side->aside.followers = 0;
	if (++side->aside.idle > ASIDE_IDLE_MAX)
		tap__aside_fini(assembly, &side->aside);
}

bool tap__side_adopt(struct tap__assembly *assembly, struct tap__side *side, struct tap__aside *aside)
{
	bool is_of_interest = true;
	struct tap__piece *piece;
	while (is_of_interest && (piece = tap__aside_remove(assembly, aside)) != NULL) {
		is_of_interest = tap__side_take(assembly, side,
						(struct tap__run){.seq = piece->seq,
								  .data = wire_slice(piece->data, piece->len),
								  .missing = piece->missing,
								  .is_pushed = piece->is_pushed,
								  .time_ns = piece->time_ns});
		tap__aside_free(assembly, piece);
	}
	tap__aside_fini(assembly, aside);
	return is_of_interest;
}

/* What is known of a side's surroundings does not hold elsewhere. */
static void forget_surroundings(struct tap__side *side)
{
	side->acked = side->next;
	side->has_fin = side->is_fin_acked = side->has_edge = side->has_claim = false;
}

bool tap__side_jump(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	struct tap__aside aside = side->aside;
	side->aside = (struct tap__aside){0};
	bool is_of_interest = tap__side_settle(assembly, side, time_ns) &&
			      tap__pieces_give_up_all(assembly, side, TAP_HOLE_LOST);
	if (is_of_interest && !tap__is_behind(side, aside.first))
		is_of_interest =
		    tap__tell_hole(assembly, side, time_ns, tap__ahead(side, aside.first), TAP_HOLE_LOST);
	forget_surroundings(side);
	if (is_of_interest)
		return tap__side_adopt(assembly, side, &aside);
	tap__aside_fini(assembly, &aside);
	return false;
}

/* ---- the beginning ---- */

bool tap__side_settle(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!side->is_settling)
		return true;
	tap__pieces_end_settling(assembly, side, time_ns);
	return tap__pieces_tell(assembly, side);
}

bool tap__side_note_syn(struct tap__assembly *assembly, struct tap__side *side, uint32_t seq, int64_t time_ns)
{
	side->saw_syn = true;
	if (side->is_settling && tap__is_behind(side, seq))
		side->first = side->next = side->acked = seq;
	return tap__side_settle(assembly, side, time_ns);
}

/* Keep a segment of a side whose beginning is not known. What comes before the first one seen becomes the beginning.
 * False when it cannot be kept. */
static bool keep_beginning(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	if (tap__is_behind(side, run->seq) && side->next - run->seq <= EARLY_BYTES)
		side->first = side->next = side->acked = run->seq;
	return !tap__is_behind(side, run->seq) && !run->has_fin && side->pieces < SETTLING_PIECES_MAX &&
	       tap__pieces_keep_new(assembly, side, run);
}

/* ---- runs that come in ---- */

/* A run that begins at `next`: between the pieces it meets, its own bytes are told. */
static bool take_next(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	tap__pieces_count_conflict(assembly, &run, side->first_piece);
	while (tap__run_bytes(&run) > 0) {
		const struct tap__piece *piece = side->first_piece;
		struct tap__run own = tap__run_first(run, piece ? tap__ahead(side, piece->seq) : UINT32_MAX);
		if (!tap__tell(assembly, side, &own) || !tap__pieces_tell(assembly, side))
			return false;
		uint32_t told = side->next - run.seq;
		if (told > tap__run_bytes(&run))
			told = tap__run_bytes(&run);
		assembly->stats.retransmitted_bytes += told - tap__run_bytes(&own);
		tap__run_trim_front(&run, told);
	}
	side->in_order++;
	tap__pieces_wait_again(assembly, side, run.time_ns);
	return true;
}

/* An end that no piece reaches has one of its own. */
static bool keep_end(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!side->has_fin || side->next == side->fin || tap__side_highest(side) == side->fin)
		return true;
	return tap__pieces_keep(assembly, side, NULL,
				&(struct tap__run){.seq = side->fin, .time_ns = time_ns});
}

/* No memory to keep a run: give up all holes before it, so that it need not be kept. */
static bool tell_ahead(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	while (side->first_piece && tap__ahead(side, side->first_piece->seq) < tap__ahead(side, run.seq))
		if (!tap__pieces_give_up(assembly, side, TAP_HOLE_LIMIT))
			return false;
	assert(!tap__is_behind(side, run.seq)); /* what is left begins where no piece is */
	return tap__tell_hole(assembly, side, run.time_ns, tap__ahead(side, run.seq), TAP_HOLE_LIMIT) &&
	       take_next(assembly, side, run);
}

static bool take_ahead(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	assembly->stats.out_of_order_segments++;
	side->out_of_order++;
	if (!tap__pieces_keep_new(assembly, side, &run) || !keep_end(assembly, side, run.time_ns))
		return tell_ahead(assembly, side, run);
	return tap__pieces_give_up_hopeless(assembly, side, run.time_ns);
}

/* Early bytes came from `far` bytes before the first to `near` bytes before it. Returns how many are new: each counts once,
 * and so do those that were missed between others. */
static uint32_t widen_early(struct tap__side *side, uint32_t far, uint32_t near)
{
	uint32_t known = side->early_far - side->early_near;
	if (known == 0 || near > side->early_far + EARLY_BYTES || side->early_near > far + EARLY_BYTES) {
		side->early_far = far;
		side->early_near = near;
		return far - near;
	}
	if (far > side->early_far)
		side->early_far = far;
	if (near < side->early_near)
		side->early_near = near;
	return side->early_far - side->early_near - known;
}

/* Bytes before the first of a side whose SYN was not seen were never told. */
static void count_early(struct tap__assembly *assembly, struct tap__side *side, const struct tap__run *run,
			uint32_t told)
{
	uint32_t before = side->first - run->seq;
	if (side->saw_syn || before == 0 || before >= TAP__HALF || told == 0)
		return;
	uint32_t bytes = widen_early(side, before, before > told ? before - told : 0);
	assembly->stats.early_bytes += bytes;
	if (bytes > 0)
		tap__leftover_add(&side->early, bytes, run->time_ns);
}

/* Take off what was told before. False when nothing is left. */
static bool trim_told(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	uint32_t told = side->next - run->seq, bytes = tap__run_bytes(run);
	if (told == 1 && bytes <= 1 && !run->has_fin)
		assembly->stats.keep_alives++;
	if (told > bytes)
		told = bytes;
	count_early(assembly, side, run, told);
	assembly->stats.retransmitted_bytes += told;
	tap__run_trim_front(run, told);
	return tap__run_bytes(run) > 0 || (run->has_fin && run->seq == side->next);
}

/* ---- ends ---- */

/* A FIN in its place in sequence says where the side ends. One ahead of it does when no bytes behind it are known. */
static void note_fin(struct tap__side *side, const struct tap__run *run)
{
	uint32_t fin = run->seq + tap__run_bytes(run);
	bool is_before = tap__ahead(side, fin) < tap__ahead(side, tap__side_highest(side));
	if (side->is_fin_acked || (is_before && run->seq != side->next))
		return;
	side->has_fin = true;
	side->fin = fin;
}

/* The side goes on behind its FIN: it was forged. */
static void withdraw_fin(struct tap__assembly *assembly, struct tap__side *side)
{
	side->has_fin = side->is_fin_acked = false;
	assembly->stats.ignored_controls++;
}

/* Bytes behind a FIN: when the other side has acknowledged the FIN they are not of this connection; otherwise the FIN
 * was not. */
static void pass_fin(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	uint32_t bytes = tap__run_bytes(run), room = 0;
	if (tap__ahead(side, run->seq) < tap__ahead(side, side->fin))
		room = side->fin - run->seq;
	if (bytes <= room && !tap__is_behind(side, side->fin))
		return;
	if (!side->is_fin_acked || tap__is_behind(side, side->fin)) {
		withdraw_fin(assembly, side);
		return;
	}
	assembly->stats.ended_bytes += bytes - room;
	tap__run_trim_back(run, room);
}

static void take_fin(struct tap__assembly *assembly, struct tap__side *side, struct tap__run *run)
{
	if (side->has_fin)
		pass_fin(assembly, side, run);
	if (run->has_fin)
		note_fin(side, run);
}

/* ---- taking ---- */

/* Is it an earlier segment, as its timestamp shows? */
static bool is_old(struct tap__side *side, const struct tap__run *run)
{
	if (!run->has_timestamp || !side->has_timestamp ||
	    (int32_t)(run->timestamp - side->timestamp) >= -TIMESTAMP_SLACK)
		return false;
	return ++side->old_timestamps < OLD_TIMESTAMPS_MAX;
}

static void note_timestamp(struct tap__side *side, const struct tap__run *run)
{
	if (!run->has_timestamp)
		return;
	side->has_timestamp = true;
	side->timestamp = run->timestamp;
	side->old_timestamps = 0;
}

/* What cannot be told at once. */
static bool take_slowly(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	bool is_of_interest = true;
	if (side->aside.is_used)
		go_on_here(assembly, side);
	if (side->is_settling && tap__run_bytes(&run) == 0 && !run.has_fin)
		return true;
	if (side->is_settling && !keep_beginning(assembly, side, &run))
		is_of_interest = tap__side_settle(assembly, side, run.time_ns);
	if (side->is_settling || !is_of_interest)
		return is_of_interest;
	if (tap__is_behind(side, run.seq) && !trim_told(assembly, side, &run))
		return true;
	take_fin(assembly, side, &run);
	if (run.seq == side->next)
		return take_next(assembly, side, run);
	if (tap__run_bytes(&run) == 0 && !run.has_fin)
		return true;
	return take_ahead(assembly, side, run);
}

/* The sender had nothing more to send: TCP would have made the segment longer. */
static bool ends_a_write(struct tap__side *side, const struct tap__run *run)
{
	uint32_t bytes = tap__run_bytes(run);
	if (bytes > side->longest)
		side->longest = bytes;
	return run->is_pushed && (bytes < side->longest || bytes < TAP_SEGMENT_BYTES_MIN);
}

bool tap__side_take(struct tap__assembly *assembly, struct tap__side *side, struct tap__run run)
{
	run.is_pushed = ends_a_write(side, &run);
	if (is_old(side, &run)) {
		assembly->stats.strays++;
		assembly->stats.stray_bytes += tap__run_bytes(&run);
		return true;
	}
	if (run.seq != side->next || side->first_piece || side->has_fin || run.has_fin || side->is_settling ||
	    side->aside.is_used)
		return take_slowly(assembly, side, run);
	note_timestamp(side, &run); /* from here on hot */
	return tap__tell(assembly, side, &run);
}

/* ---- acknowledgements ---- */

static void note_edge(struct tap__side *side, const struct tap__ack *ack)
{
	if (ack->shift == TAP_NO_WINDOW_SHIFT)
		return;
	uint32_t edge = ack->seq + ((uint32_t)ack->window << ack->shift);
	if (side->has_edge && (int32_t)(edge - side->edge) <= 0)
		return;
	side->has_edge = true;
	side->edge = edge;
}

/* All that is acknowledged was seen. A claim that the same side made before was wrong. */
static void believe(struct tap__side *side, const struct tap__ack *ack)
{
	side->heard_ns = ack->time_ns;
	if ((int32_t)(ack->seq - side->acked) > 0)
		side->acked = ack->seq;
	if (side->has_claim && (int32_t)(ack->by - side->claim_by) >= 0)
		side->has_claim = false;
	side->aside.followers = 0;
	note_edge(side, ack);
}

/* Bytes are acknowledged that were not seen: the capture missed them, or will show them later, or the acknowledgement
 * is forged. */
static void claim(struct tap__side *side, const struct tap__ack *ack)
{
	side->has_claim = true;
	side->claim = ack->seq;
	side->claim_by = ack->by;
}

/* The side itself has sent behind what was claimed. */
static void confirm_claim(struct tap__side *side)
{
	if (tap__ahead(side, tap__side_highest(side)) < tap__ahead(side, side->claim))
		return;
	side->has_claim = false;
	if ((int32_t)(side->claim - side->acked) > 0)
		side->acked = side->claim;
}

void tap__side_claim(struct tap__side *side, const struct tap__ack *ack)
{
	if (side->is_known && tap__ahead(side, ack->seq) > reach(side) && side->next - ack->seq > REACH_BYTES)
		claim(side, ack);
}

bool tap__side_acknowledge(struct tap__assembly *assembly, struct tap__side *side, const struct tap__ack *ack)
{
	if (!side->is_known) {
		side->has_hint = true;
		side->acked = ack->seq;
		return true;
	}
	uint32_t seen = tap__ahead(side, tap__side_highest(side)), ahead = tap__ahead(side, ack->seq);
	if (side->has_fin && side->fin == tap__side_highest(side)) {
		if (ahead > seen)
			side->is_fin_acked = ahead == seen + 1;
		seen++;
	}
	if (ahead <= seen || (ahead >= TAP__HALF && side->next - ack->seq <= REACH_BYTES))
		believe(side, ack);
	else
		claim(side, ack);
	if (side->has_claim)
		confirm_claim(side);
	if (side->is_settling && ahead <= seen && !tap__side_settle(assembly, side, ack->time_ns))
		return false;
	return !side->first_piece || side->is_settling ||
	       tap__pieces_give_up_hopeless(assembly, side, ack->time_ns);
}

/* ---- the end ---- */

bool tap__side_expire(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns)
{
	if (!tap__pieces_give_up_hopeless(assembly, side, time_ns))
		return false;
	tap__pieces_wait_again(assembly, side, time_ns);
	return true;
}

/* The bytes behind the last that was seen, which the other side acknowledged. One byte is a FIN, and no byte, that the
 * capture missed. */
static uint32_t unseen_bytes(const struct tap__side *side)
{
	uint32_t end = side->acked;
	if (side->has_fin && !tap__is_behind(side, side->fin))
		return tap__ahead(side, side->fin);
	if (side->has_claim && tap__ahead(side, side->claim) <= reach(side))
		end = side->claim;
	uint32_t bytes = tap__ahead(side, end);
	return bytes == 1 || bytes >= TAP__HALF ? 0 : bytes;
}

bool tap__side_finish(struct tap__assembly *assembly, struct tap__side *side, int64_t time_ns,
		      enum tap_hole why)
{
	if (!side->is_known)
		return true;
	if (tap__side_is_done(side))
		tap__pieces_drop_all(assembly, side);
	else
		tap__pieces_drop_doubtful(assembly, side);
	return tap__side_settle(assembly, side, time_ns) && tap__pieces_give_up_all(assembly, side, why) &&
	       tap__tell_hole(assembly, side, time_ns, unseen_bytes(side), TAP_HOLE_LOST);
}

void tap__side_fini(struct tap__assembly *assembly, struct tap__side *side)
{
	tap__pieces_fini(assembly, side);
	side->is_settling = false;
	tap__aside_fini(assembly, &side->aside);
}
