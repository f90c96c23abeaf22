#include "tap/stream/tcp_stream.h"

#include <assert.h>

#include "tap/stream/emit.h"
#include "tap/stream/kept_segments.h"

/* Assume this window where the other end's is unknown: it is larger than any that a current host advertises.
 * Emitted bytes may be repeated from as far back. */
#define REACH_BYTES (UINT32_C(16) << 20)

/* A known window may be out of date, because the capture may miss acknowledgements. Assume at least this much. */
#define REACH_BYTES_MIN (UINT32_C(64) << 10)

/* So many strays that follow on each other show that the capture missed what lies before them. */
enum { FOLLOWERS_MAX = 16 };

/* Drop the strays after so many segments elsewhere. */
enum { STRAYS_IDLE_MAX = 64 };

/* A beginning is settled once the stream has sent so many segments. */
enum { SETTLING_SEGMENTS_MAX = 16 };

/* Bytes before the first one seen belong to the stream when they are this near. */
#define EARLY_BYTES (UINT32_C(1) << 20)

/* A timestamp this much before the latest is that of an earlier segment (RFC 7323, 5), even if the capture is
 * out of order. So many of them in a row show that the sender's clock was reset. */
enum { TIMESTAMP_SLACK = 1000, OLD_TIMESTAMPS_MAX = 16 };

void tap__leftover_add(struct tap_leftover *left, uint64_t bytes, int64_t time_ns)
{
	if (left->bytes == 0)
		left->from_ns = time_ns;
	left->bytes += bytes;
	left->to_ns = time_ns;
}

void tap__tcp_stream_begin(struct tap__tcp_stream *stream, uint32_t seq)
{
	stream->first = stream->next = stream->acked = seq;
	stream->is_known = true;
}

void tap__tcp_stream_begin_midstream(struct tap__tcp_stream *stream, uint32_t seq)
{
	bool is_expected = stream->has_hint && stream->acked == seq;
	tap__tcp_stream_begin(stream, seq);
	stream->is_settling = !is_expected;
}

/* ---- what TCP would take ---- */

/* How far after `next` a segment may begin. */
static uint32_t reach(const struct tap__tcp_stream *stream)
{
	if (!stream->has_edge)
		return REACH_BYTES;
	uint32_t room = tap__ahead(stream, stream->edge);
	return room > REACH_BYTES_MIN && room < TAP__HALF ? room : REACH_BYTES_MIN;
}

bool tap__tcp_stream_is_far(const struct tap__tcp_stream *stream, const struct tap__range *range)
{
	if (range->seq == stream->next || !stream->is_known) /* hot */
		return false;
	if (!tap__is_behind(stream, range->seq))
		return tap__ahead(stream, range->seq) > reach(stream);
	return stream->next - range->seq > REACH_BYTES + tap__range_bytes(range);
}

bool tap__tcp_stream_expects(const struct tap__tcp_stream *stream, uint32_t seq)
{
	if (!stream->is_known)
		return stream->has_hint && seq == stream->acked;
	if (stream->has_fin && seq == stream->fin + 1)
		return true;
	return seq == stream->acked || seq == (stream->is_settling ? tap__kept_end(stream) : stream->next) ||
	       (stream->has_claim && seq == stream->claim);
}

/* ---- strays ---- */

bool tap__tcp_stream_has_moved(const struct tap__tcp_stream *stream)
{
	return stream->strays.followers >= FOLLOWERS_MAX || (stream->strays.count > 0 && stream->has_claim &&
							     tap__strays_has(&stream->strays, stream->claim));
}

/* The stream continues elsewhere, so nothing confirms its strays. Drop them after a while. */
static void forget_idle_strays(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	stream->strays.followers = 0;
	if (++stream->strays.idle > STRAYS_IDLE_MAX)
		tap__strays_fini(context, &stream->strays);
}

bool tap__tcp_stream_adopt(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			   struct tap__strays *strays)
{
	bool is_of_interest = true;
	struct tap__kept_segment *kept;
	while (is_of_interest && (kept = tap__strays_remove(context, strays)) != NULL) {
		is_of_interest = tap__tcp_stream_take(context, stream, tap__kept_segment_range(kept));
		tap__kept_segment_free(kept, context->budget);
	}
	tap__strays_fini(context, strays);
	return is_of_interest;
}

/* Forget what is known only for the old position. */
static void forget_surroundings(struct tap__tcp_stream *stream)
{
	stream->acked = stream->next;
	stream->has_fin = stream->is_fin_acked = stream->has_edge = stream->has_claim = false;
}

bool tap__tcp_stream_jump(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  int64_t time_ns)
{
	struct tap__strays strays = stream->strays;
	stream->strays = (struct tap__strays){0};
	bool is_of_interest = tap__tcp_stream_settle(context, stream, time_ns) &&
			      tap__kept_give_up_all(context, stream, TAP_HOLE_LOST);
	if (is_of_interest && !tap__is_behind(stream, strays.first))
		is_of_interest =
		    tap__emit_hole(context, stream, time_ns, tap__ahead(stream, strays.first), TAP_HOLE_LOST);
	forget_surroundings(stream);
	if (is_of_interest)
		return tap__tcp_stream_adopt(context, stream, &strays);
	tap__strays_fini(context, &strays);
	return false;
}

/* ---- the beginning ---- */

bool tap__tcp_stream_settle(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns)
{
	if (!stream->is_settling)
		return true;
	tap__kept_end_settling(context, stream, time_ns);
	return tap__kept_emit(context, stream);
}

bool tap__tcp_stream_note_syn(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			      uint32_t seq, int64_t time_ns)
{
	stream->saw_syn = true;
	if (stream->is_settling && tap__is_behind(stream, seq))
		stream->first = stream->next = stream->acked = seq;
	return tap__tcp_stream_settle(context, stream, time_ns);
}

/* Keep a segment while the beginning settles. A segment before the first one seen becomes the beginning. False
 * when it cannot be kept. */
static bool keep_beginning(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			   struct tap__range *range)
{
	if (tap__is_behind(stream, range->seq) && stream->next - range->seq <= EARLY_BYTES)
		stream->first = stream->next = stream->acked = range->seq;
	return !tap__is_behind(stream, range->seq) && !range->has_fin &&
	       stream->kept_count < SETTLING_SEGMENTS_MAX && tap__kept_add_new(context, stream, range);
}

/* ---- ranges that come in ---- */

/* Take a range that begins at `next`: emit the bytes of it that no kept segment has, and the kept segments. */
static bool take_next(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		      struct tap__range range)
{
	tap__kept_count_conflict(context, &range, stream->first_kept);
	while (tap__range_bytes(&range) > 0) {
		const struct tap__kept_segment *kept = stream->first_kept;
		struct tap__range own =
		    tap__range_first(range, kept ? tap__ahead(stream, kept->seq) : UINT32_MAX);
		if (!tap__emit(context, stream, &own) || !tap__kept_emit(context, stream))
			return false;
		uint32_t emitted = stream->next - range.seq;
		if (emitted > tap__range_bytes(&range))
			emitted = tap__range_bytes(&range);
		context->stats.retransmitted_bytes += emitted - tap__range_bytes(&own);
		tap__range_trim_front(&range, emitted);
	}
	stream->in_order++;
	tap__kept_wait_again(context, stream, range.time_ns);
	return true;
}

/* Keep a segment without bytes for a FIN that no kept segment reaches. */
static bool keep_end(struct tap__stream_context *context, struct tap__tcp_stream *stream, int64_t time_ns)
{
	if (!stream->has_fin || stream->next == stream->fin || tap__kept_end(stream) == stream->fin)
		return true;
	return tap__kept_add(context, stream, NULL,
			     &(struct tap__range){.seq = stream->fin, .time_ns = time_ns});
}

/* There is no memory to keep a range: give up all holes before it, so that it can be emitted. */
static bool emit_ahead(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		       struct tap__range range)
{
	while (stream->first_kept &&
	       tap__ahead(stream, stream->first_kept->seq) < tap__ahead(stream, range.seq))
		if (!tap__kept_give_up(context, stream, TAP_HOLE_LIMIT))
			return false;
	assert(!tap__is_behind(stream, range.seq)); /* what is left begins where nothing is kept */
	return tap__emit_hole(context, stream, range.time_ns, tap__ahead(stream, range.seq),
			      TAP_HOLE_LIMIT) &&
	       take_next(context, stream, range);
}

static bool take_ahead(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		       struct tap__range range)
{
	context->stats.out_of_order_segments++;
	stream->out_of_order++;
	if (!tap__kept_add_new(context, stream, &range) || !keep_end(context, stream, range.time_ns))
		return emit_ahead(context, stream, range);
	return tap__kept_give_up_hopeless(context, stream, range.time_ns);
}

/* Early bytes came from `far` to `near` bytes before the first. Returns how many are new. Each byte counts
 * once, and so do those between two early ranges. */
static uint32_t widen_early(struct tap__tcp_stream *stream, uint32_t far, uint32_t near)
{
	uint32_t known = stream->early_far - stream->early_near;
	if (known == 0 || near > stream->early_far + EARLY_BYTES || stream->early_near > far + EARLY_BYTES) {
		stream->early_far = far;
		stream->early_near = near;
		return far - near;
	}
	if (far > stream->early_far)
		stream->early_far = far;
	if (near < stream->early_near)
		stream->early_near = near;
	return stream->early_far - stream->early_near - known;
}

/* Count bytes before the first byte of a stream whose SYN was not seen: they were never emitted. */
static void count_early(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			const struct tap__range *range, uint32_t emitted)
{
	uint32_t before = stream->first - range->seq;
	if (stream->saw_syn || before == 0 || before >= TAP__HALF || emitted == 0)
		return;
	uint32_t bytes = widen_early(stream, before, before > emitted ? before - emitted : 0);
	context->stats.early_bytes += bytes;
	if (bytes > 0)
		tap__leftover_add(&stream->early, bytes, range->time_ns);
}

/* Remove bytes that were emitted before. False when nothing is left. */
static bool trim_emitted(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			 struct tap__range *range)
{
	uint32_t emitted = stream->next - range->seq, bytes = tap__range_bytes(range);
	if (emitted == 1 && bytes <= 1 && !range->has_fin)
		context->stats.keep_alives++;
	if (emitted > bytes)
		emitted = bytes;
	count_early(context, stream, range, emitted);
	context->stats.retransmitted_bytes += emitted;
	tap__range_trim_front(range, emitted);
	return tap__range_bytes(range) > 0 || (range->has_fin && range->seq == stream->next);
}

/* ---- ends ---- */

/* A FIN says where the stream ends when it is in sequence. A FIN ahead says so only while no bytes after it are
 * known. */
static void note_fin(struct tap__tcp_stream *stream, const struct tap__range *range)
{
	uint32_t fin = range->seq + tap__range_bytes(range);
	bool is_before = tap__ahead(stream, fin) < tap__ahead(stream, tap__kept_end(stream));
	if (stream->is_fin_acked || (is_before && range->seq != stream->next))
		return;
	stream->has_fin = true;
	stream->fin = fin;
}

/* The stream continues after its FIN: the FIN was forged. */
static void withdraw_fin(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	stream->has_fin = stream->is_fin_acked = false;
	context->stats.ignored_controls++;
}

/* Bytes after a FIN are not of this connection if the other end acknowledged the FIN. Otherwise the FIN was
 * forged. */
static void pass_fin(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		     struct tap__range *range)
{
	uint32_t bytes = tap__range_bytes(range), room = 0;
	if (tap__ahead(stream, range->seq) < tap__ahead(stream, stream->fin))
		room = stream->fin - range->seq;
	if (bytes <= room && !tap__is_behind(stream, stream->fin))
		return;
	if (!stream->is_fin_acked || tap__is_behind(stream, stream->fin)) {
		withdraw_fin(context, stream);
		return;
	}
	context->stats.ended_bytes += bytes - room;
	tap__range_trim_back(range, room);
}

static void take_fin(struct tap__stream_context *context, struct tap__tcp_stream *stream,
		     struct tap__range *range)
{
	if (stream->has_fin)
		pass_fin(context, stream, range);
	if (range->has_fin)
		note_fin(stream, range);
}

/* ---- taking ---- */

/* Does its timestamp show that this is an earlier segment? */
static bool is_old(struct tap__tcp_stream *stream, const struct tap__range *range)
{
	if (!range->has_timestamp || !stream->has_timestamp ||
	    (int32_t)(range->timestamp - stream->timestamp) >= -TIMESTAMP_SLACK)
		return false;
	return ++stream->old_timestamps < OLD_TIMESTAMPS_MAX;
}

static void note_timestamp(struct tap__tcp_stream *stream, const struct tap__range *range)
{
	if (!range->has_timestamp)
		return;
	stream->has_timestamp = true;
	stream->timestamp = range->timestamp;
	stream->old_timestamps = 0;
}

/* Take a range that cannot simply be emitted. */
static bool take_slowly(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			struct tap__range range)
{
	bool is_of_interest = true;
	if (stream->strays.is_used)
		forget_idle_strays(context, stream);
	if (stream->is_settling && tap__range_bytes(&range) == 0 && !range.has_fin)
		return true;
	if (stream->is_settling && !keep_beginning(context, stream, &range))
		is_of_interest = tap__tcp_stream_settle(context, stream, range.time_ns);
	if (stream->is_settling || !is_of_interest)
		return is_of_interest;
	if (tap__is_behind(stream, range.seq) && !trim_emitted(context, stream, &range))
		return true;
	take_fin(context, stream, &range);
	if (range.seq == stream->next)
		return take_next(context, stream, range);
	if (tap__range_bytes(&range) == 0 && !range.has_fin)
		return true;
	return take_ahead(context, stream, range);
}

/* Does the segment end a write? TCP would have filled it if the sender had had more to send. */
static bool ends_a_write(struct tap__tcp_stream *stream, const struct tap__range *range)
{
	uint32_t bytes = tap__range_bytes(range);
	if (bytes > stream->longest)
		stream->longest = bytes;
	return range->is_pushed && (bytes < stream->longest || bytes < TAP_SEGMENT_BYTES_MIN);
}

bool tap__tcp_stream_take(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			  struct tap__range range)
{
	range.is_pushed = ends_a_write(stream, &range);
	if (is_old(stream, &range)) {
		context->stats.strays++;
		context->stats.stray_bytes += tap__range_bytes(&range);
		return true;
	}
	if (range.seq != stream->next || stream->first_kept || stream->has_fin || range.has_fin ||
	    stream->is_settling || stream->strays.is_used)
		return take_slowly(context, stream, range);
	note_timestamp(stream, &range); /* hot from here on */
	return tap__emit(context, stream, &range);
}

/* ---- acknowledgements ---- */

static void note_edge(struct tap__tcp_stream *stream, const struct tap__ack *ack)
{
	if (ack->shift == TAP_NO_WINDOW_SHIFT)
		return;
	uint32_t edge = ack->seq + ((uint32_t)ack->window << ack->shift);
	if (stream->has_edge && (int32_t)(edge - stream->edge) <= 0)
		return;
	stream->has_edge = true;
	stream->edge = edge;
}

/* All bytes that are acknowledged were seen. An earlier claim of the same end was wrong. */
static void believe(struct tap__tcp_stream *stream, const struct tap__ack *ack)
{
	stream->heard_ns = ack->time_ns;
	if ((int32_t)(ack->seq - stream->acked) > 0)
		stream->acked = ack->seq;
	if (stream->has_claim && (int32_t)(ack->by - stream->claim_by) >= 0)
		stream->has_claim = false;
	stream->strays.followers = 0;
	note_edge(stream, ack);
}

/* Bytes are acknowledged that were not seen: the capture missed them, or has them later, or the acknowledgement
 * is forged. */
static void claim(struct tap__tcp_stream *stream, const struct tap__ack *ack)
{
	stream->has_claim = true;
	stream->claim = ack->seq;
	stream->claim_by = ack->by;
}

/* Believe a claim once the stream itself has sent bytes after it. */
static void confirm_claim(struct tap__tcp_stream *stream)
{
	if (tap__ahead(stream, tap__kept_end(stream)) < tap__ahead(stream, stream->claim))
		return;
	stream->has_claim = false;
	if ((int32_t)(stream->claim - stream->acked) > 0)
		stream->acked = stream->claim;
}

void tap__tcp_stream_claim(struct tap__tcp_stream *stream, const struct tap__ack *ack)
{
	if (stream->is_known && tap__ahead(stream, ack->seq) > reach(stream) &&
	    stream->next - ack->seq > REACH_BYTES)
		claim(stream, ack);
}

bool tap__tcp_stream_acknowledge(struct tap__stream_context *context, struct tap__tcp_stream *stream,
				 const struct tap__ack *ack)
{
	if (!stream->is_known) {
		stream->has_hint = true;
		stream->acked = ack->seq;
		return true;
	}
	uint32_t seen = tap__ahead(stream, tap__kept_end(stream)), ahead = tap__ahead(stream, ack->seq);
	if (stream->has_fin && stream->fin == tap__kept_end(stream)) {
		if (ahead > seen)
			stream->is_fin_acked = ahead == seen + 1;
		seen++;
	}
	if (ahead <= seen || (ahead >= TAP__HALF && stream->next - ack->seq <= REACH_BYTES))
		believe(stream, ack);
	else
		claim(stream, ack);
	if (stream->has_claim)
		confirm_claim(stream);
	if (stream->is_settling && ahead <= seen && !tap__tcp_stream_settle(context, stream, ack->time_ns))
		return false;
	return !stream->first_kept || stream->is_settling ||
	       tap__kept_give_up_hopeless(context, stream, ack->time_ns);
}

/* ---- the end ---- */

bool tap__tcp_stream_expire(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns)
{
	if (!tap__kept_give_up_hopeless(context, stream, time_ns))
		return false;
	tap__kept_wait_again(context, stream, time_ns);
	return true;
}

/* The number of bytes after the last one seen that the other end acknowledged. A single one is a FIN that the
 * capture missed. */
static uint32_t unseen_bytes(const struct tap__tcp_stream *stream)
{
	uint32_t end = stream->acked;
	if (stream->has_fin && !tap__is_behind(stream, stream->fin))
		return tap__ahead(stream, stream->fin);
	if (stream->has_claim && tap__ahead(stream, stream->claim) <= reach(stream))
		end = stream->claim;
	uint32_t bytes = tap__ahead(stream, end);
	return bytes == 1 || bytes >= TAP__HALF ? 0 : bytes;
}

bool tap__tcp_stream_finish(struct tap__stream_context *context, struct tap__tcp_stream *stream,
			    int64_t time_ns, enum tap_hole why)
{
	if (!stream->is_known)
		return true;
	if (tap__tcp_stream_is_done(stream))
		tap__kept_drop_all(context, stream);
	else
		tap__kept_drop_doubtful(context, stream);
	return tap__tcp_stream_settle(context, stream, time_ns) &&
	       tap__kept_give_up_all(context, stream, why) &&
	       tap__emit_hole(context, stream, time_ns, unseen_bytes(stream), TAP_HOLE_LOST);
}

void tap__tcp_stream_fini(struct tap__stream_context *context, struct tap__tcp_stream *stream)
{
	tap__kept_fini(context, stream);
	stream->is_settling = false;
	tap__strays_fini(context, &stream->strays);
}
