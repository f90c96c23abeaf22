#include "tap/session/op_stream.h"

#include "tap/session/nats_start.h"

enum {
	KEPT_IDLE_BYTES = 4096,        /* memory kept while no bytes are kept */
	PUSHES_WANTED = 64,            /* successive ones, after one inside an operation */
	MAX_PAYLOAD_DEFAULT = 1 << 20, /* of nats-server */
	MAX_PAYLOAD_ADVISED =
	    8 << 20, /* the most its documentation recommends; accepted while the limit is unknown */
	MAX_PAYLOAD_LIMIT = 64 << 20, /* the most it allows; accepted whatever limit is stated */
};

/* After this silence the sender's last write has ended. */
#define SILENCE_NS INT64_C(2000000000)

void tap__op_stream_init(struct tap__op_stream *stream, bool is_start, struct tap_budget *budget)
{
	*stream = (struct tap__op_stream){
	    .mode = TAP__RESYNC,
	    .is_start = is_start,
	    .verbs = TAP__ANY_VERB,
	    .limits = {.max_control_line = TAP__CONTROL_LINE_MAX, .max_payload = MAX_PAYLOAD_ADVISED},
	    .payload_max = MAX_PAYLOAD_DEFAULT,
	    .quiet_since_ns = INT64_MAX,
	    .buffer = {.budget = budget},
	};
	tap__resync_init(&stream->resync, budget);
	tap__resync_begin(&stream->resync, true);
}

void tap__op_stream_set_max_payload(struct tap__op_stream *stream, uint64_t max_payload)
{
	stream->payload_max = max_payload < MAX_PAYLOAD_LIMIT ? max_payload : MAX_PAYLOAD_LIMIT;
	stream->limits.max_payload = (uint32_t)stream->payload_max;
}

void tap__op_stream_fini(struct tap__op_stream *stream)
{
	tap__op_buffer_free_kept(&stream->buffer);
	tap__resync_fini(&stream->resync);
}

struct wire_slice tap__op_stream_rest(const struct tap__op_stream *stream)
{
	return tap__op_buffer_rest(&stream->buffer);
}

/* ---- losses ---- */

static void begin_gap(struct tap__op_stream *stream, enum tap__why why)
{
	if (stream->gap.bytes == 0)
		stream->gap = (struct tap__gap){.from_ns = stream->last_ns, .why = why};
	stream->gap.to_ns = stream->time_ns;
}

static void lose(struct tap__op_stream *stream, uint64_t bytes, enum tap__why why)
{
	if (bytes == 0)
		return;
	begin_gap(stream, why);
	stream->gap.bytes += bytes;
	stream->lost_bytes += bytes;
	stream->is_start = false;
}

static void begin_resync(struct tap__op_stream *stream, bool is_line_start)
{
	stream->mode = TAP__RESYNC;
	stream->skip = stream->buffer.need = 0;
	tap__resync_begin(&stream->resync, is_line_start);
}

/* Reduce the operation to what was seen: `seen` bytes of its body. Headers are kept whole or not at all. */
static void show_seen(struct tap__op_stream *stream, const char *body, size_t seen)
{
	struct wire_op *op = &stream->op;
	stream->announced_bytes = op->payload.len;
	if (seen < op->headers.len) {
		op->headers = op->payload = wire_slice(NULL, 0);
		return;
	}
	seen -= op->headers.len;
	op->headers.data = body;
	op->payload = wire_slice(body + op->headers.len, seen < op->payload.len ? seen : op->payload.len);
}

/* The operation that starts with `begun` will not be completed. If it is a message of known size, report what
 * was seen of it and skip its rest. Otherwise its bytes are lost. */
static void cut_short(struct tap__op_stream *stream, struct wire_slice begun, enum tap__why why)
{
	size_t body = 0, need;
	int64_t line = wire_parse_line(begun.data, begun.len, &stream->limits, &stream->op, &body, &need);
	if (line <= 0 || body == 0) {
		lose(stream, begun.len, why);
		begin_resync(stream, false);
		return;
	}
	show_seen(stream, begun.data + line, begun.len - (size_t)line);
	stream->has_partial = true;
	stream->partial_bytes += begun.len;
	stream->skip = (uint64_t)line + body - begun.len;
	stream->mode = TAP__SKIPPING;
	begin_gap(stream, why);
}

/* There is no memory for bytes that should be kept: continue without this operation. */
static enum tap__item give_up_operation(struct tap__op_stream *stream)
{
	struct wire_slice begun = tap__op_stream_rest(stream);
	cut_short(stream, begun, TAP__LIMIT);
	tap__op_buffer_advance_rest(&stream->buffer, begun.len);
	return tap__op_stream_next(stream);
}

/* ---- in sync ---- */

static enum tap__item accept(struct tap__op_stream *stream, int64_t len)
{
	stream->whole_bytes += (uint64_t)len;
	stream->last_ns = stream->time_ns;
	if ((uint64_t)len > stream->payload_max)
		stream->payload_max = (uint64_t)len;
	return TAP__OP;
}

static enum tap__item lose_sync(struct tap__op_stream *stream)
{
	begin_resync(stream, true);
	stream->is_start = false;
	return TAP__DESYNC;
}

/* Hot: nearly every operation lies whole in the input. */
static enum tap__item parse_input(struct tap__op_stream *stream)
{
	if (stream->buffer.input.len == 0)
		return TAP__MORE;
	int64_t len = wire_parse(stream->buffer.input.data, stream->buffer.input.len, &stream->limits,
				 &stream->op, &stream->buffer.need);
	if (len < 0 || (len > 0 && !tap__is_allowed(stream->verbs, &stream->op)))
		return lose_sync(stream);
	if (len == 0)
		return tap__op_buffer_keep_input(&stream->buffer, stream->buffer.input.len)
			   ? TAP__MORE
			   : give_up_operation(stream);
	tap__op_buffer_advance_input(&stream->buffer, (size_t)len);
	return accept(stream, len);
}

/* How much of the input to append to the kept operation: the missing bytes when their number is known, else the
 * rest of its line. */
static size_t missing(const struct tap__op_stream *stream)
{
	size_t wanted = stream->buffer.need - tap__op_buffer_kept(&stream->buffer).len;
	if (wanted == 1) {
		const char *newline = memchr(stream->buffer.input.data, '\n', stream->buffer.input.len);
		wanted =
		    newline ? (size_t)(newline - stream->buffer.input.data) + 1 : stream->buffer.input.len;
	}
	return wanted < stream->buffer.input.len ? wanted : stream->buffer.input.len;
}

static enum tap__item parse_kept(struct tap__op_stream *stream)
{
	for (;;) {
		struct wire_slice bytes = tap__op_buffer_kept(&stream->buffer);
		if (bytes.len >= stream->buffer.need) {
			int64_t len = wire_parse(bytes.data, bytes.len, &stream->limits, &stream->op,
						 &stream->buffer.need);
			if (len < 0 || (len > 0 && !tap__is_allowed(stream->verbs, &stream->op)))
				return lose_sync(stream);
			if (len > 0) {
				tap__op_buffer_advance_kept(&stream->buffer, (size_t)len);
				return accept(stream, len);
			}
		}
		if (stream->buffer.input.len == 0)
			return TAP__MORE;
		if (!tap__op_buffer_keep_input(&stream->buffer, missing(stream)))
			return give_up_operation(stream);
	}
}

/* ---- skipping ---- */

/* Skip the rest of a body. If its last two bytes are seen they show whether the count was right. */
static void skip_input(struct tap__op_stream *stream)
{
	size_t len =
	    stream->skip < stream->buffer.input.len ? (size_t)stream->skip : stream->buffer.input.len;
	uint64_t left = stream->skip - len;
	bool is_right = (left > 1 || len < 2 - left || stream->buffer.input.data[len - (2 - left)] == '\r') &&
			(left > 0 || stream->buffer.input.data[len - 1] == '\n');
	lose(stream, len, stream->gap.why);
	tap__op_buffer_advance_input(&stream->buffer, len);
	stream->skip = left;
	if (!is_right)
		begin_resync(stream, false);
	else if (left == 0)
		stream->mode = TAP__IN_SYNC;
}

/* ---- resync ---- */

static void enter_sync(struct tap__op_stream *stream)
{
	stream->mode = TAP__IN_SYNC;
	stream->buffer.need = stream->rejected_bytes = 0;
	tap__resync_fini(&stream->resync);
}

/* Lose bytes of the rest, which were seen. */
static void reject(struct tap__op_stream *stream, size_t len, enum tap__why why)
{
	lose(stream, len, why);
	stream->rejected_bytes += len;
	tap__op_buffer_advance_rest(&stream->buffer, len);
}

/* There is no memory for the first bytes of a stream. */
static void give_up_start(struct tap__op_stream *stream)
{
	reject(stream, tap__op_buffer_kept(&stream->buffer).len, TAP__LIMIT);
	reject(stream, stream->buffer.input.len, TAP__LIMIT);
	begin_resync(stream, false);
}

/* Examine the first bytes of a stream. True when it is in sync. */
static bool check_start(struct tap__op_stream *stream)
{
	if (tap__op_buffer_keeps(&stream->buffer) && stream->buffer.input.len > 0 &&
	    !tap__op_buffer_keep_input(&stream->buffer, stream->buffer.input.len)) {
		give_up_start(stream);
		return false;
	}
	struct wire_slice rest = tap__op_stream_rest(stream);
	if (rest.len == 0 || rest.len < stream->buffer.need)
		return false;
	enum tap__start_verdict verdict =
	    tap__nats_start_check(stream->verbs, &stream->limits, rest, &stream->buffer.need);
	if (verdict == TAP__START_OTHER)
		stream->is_start = false;
	else if (verdict == TAP__START_INCOMPLETE && !tap__op_buffer_keeps(&stream->buffer) &&
		 !tap__op_buffer_keep_input(&stream->buffer, rest.len))
		give_up_start(stream);
	return verdict == TAP__START_NATS;
}

static struct tap__resync_rules rules_of(const struct tap__op_stream *stream)
{
	return (struct tap__resync_rules){.verbs = stream->verbs,
					  .limits = stream->limits,
					  .payload_max = stream->payload_max,
					  .is_nats = stream->is_nats,
					  .trusts_pushes = stream->pushes_wanted == 0};
}

/* True when the stream is in sync. */
static bool find_boundary(struct tap__op_stream *stream)
{
	const struct tap__resync_rules rules = rules_of(stream);
	bool is_found = stream->is_start && check_start(stream);
	while (!is_found && !stream->is_start && tap__op_stream_rest(stream).len > 0) {
		size_t taken;
		is_found = tap__resync_take(&stream->resync, &rules, tap__op_stream_rest(stream), &taken);
		reject(stream, taken, TAP__UNPARSED);
	}
	if (is_found)
		enter_sync(stream);
	return is_found;
}

/* ---- in and out ---- */

static void set_time(struct tap__op_stream *stream, int64_t time_ns)
{
	stream->time_ns = time_ns;
	if (stream->last_ns == 0)
		stream->last_ns = time_ns;
}

/* Are the bytes whole operations and nothing else, in a segment that TCP did not cut? */
static bool is_whole(const struct tap__op_stream *stream, struct wire_slice bytes)
{
	struct wire_op op;
	size_t need;
	if (bytes.len >= TAP_SEGMENT_BYTES_MIN)
		return false;
	for (size_t at = 0; at < bytes.len;) {
		int64_t len = wire_parse(bytes.data + at, bytes.len - at, &stream->limits, &op, &need);
		if (len <= 0 || !tap__is_allowed(stream->verbs, &op))
			return false;
		at += (size_t)len;
	}
	return true;
}

/* Was the sender silent for so long that these bytes begin an operation? */
static bool begins_after_silence(const struct tap__op_stream *stream, int64_t time_ns,
				 struct wire_slice bytes)
{
	return stream->mode == TAP__RESYNC && !stream->is_start && stream->is_nats &&
	       stream->pushes_wanted == 0 && stream->resync.is_line_start && stream->resync.line_len == 0 &&
	       stream->quiet_since_ns <= time_ns - SILENCE_NS && is_whole(stream, bytes);
}

void tap__op_stream_set_quiet(struct tap__op_stream *stream, int64_t since_ns)
{
	stream->quiet_since_ns = since_ns;
}

void tap__op_stream_feed(struct tap__op_stream *stream, int64_t time_ns, struct wire_slice bytes)
{
	if (begins_after_silence(stream, time_ns, bytes))
		enter_sync(stream);
	stream->quiet_since_ns = INT64_MAX;
	set_time(stream, time_ns);
	stream->buffer.input = bytes;
}

static void end_kept(struct tap__op_stream *stream, enum tap__why why)
{
	if (!tap__op_buffer_keeps(&stream->buffer))
		return;
	if (stream->mode == TAP__IN_SYNC)
		cut_short(stream, tap__op_buffer_kept(&stream->buffer), why);
	else
		lose(stream, tap__op_buffer_kept(&stream->buffer).len, TAP__UNPARSED);
	tap__op_buffer_forget_kept(&stream->buffer);
}

void tap__op_stream_hole(struct tap__op_stream *stream, int64_t time_ns, uint64_t bytes, enum tap_hole why)
{
	set_time(stream, time_ns);
	stream->quiet_since_ns = INT64_MAX;
	end_kept(stream, (enum tap__why)why);
	lose(stream, bytes, (enum tap__why)why);
	if (stream->mode == TAP__SKIPPING && bytes <= stream->skip)
		stream->skip -= bytes;
	else
		begin_resync(stream, true);
	if (stream->mode == TAP__SKIPPING && stream->skip == 0)
		stream->mode = TAP__IN_SYNC;
}

void tap__op_stream_end(struct tap__op_stream *stream, int64_t time_ns)
{
	set_time(stream, time_ns);
	end_kept(stream, TAP__ENDED);
	stream->mode = TAP__IN_SYNC; /* the rest of a body was never sent, or nothing is known of it */
}

/* Would a write that ends here end with an operation? */
static bool is_at_boundary(const struct tap__op_stream *stream)
{
	return stream->mode == TAP__IN_SYNC && !tap__op_buffer_keeps(&stream->buffer);
}

void tap__op_stream_push(struct tap__op_stream *stream)
{
	const struct tap__resync_rules rules = rules_of(stream);
	stream->quiet_since_ns = stream->time_ns;
	if (stream->mode != TAP__RESYNC) {
		if (!is_at_boundary(stream))
			stream->pushes_wanted = PUSHES_WANTED;
		else if (stream->pushes_wanted > 0)
			stream->pushes_wanted--;
	} else if (!stream->is_start && tap__resync_push(&stream->resync, &rules)) {
		enter_sync(stream);
	}
}

void tap__op_stream_trust(struct tap__op_stream *stream)
{
	stream->is_nats = true;
	if (stream->mode != TAP__RESYNC || !stream->is_start)
		return;
	enter_sync(stream);
}

uint64_t tap__op_stream_drop(struct tap__op_stream *stream)
{
	uint64_t left = tap__op_buffer_kept(&stream->buffer).len + stream->buffer.input.len,
		 unreported = stream->gap.bytes + left;
	stream->lost_bytes += left;
	stream->buffer.input.len = 0;
	stream->gap.bytes = 0;
	stream->has_partial = false;
	tap__op_buffer_forget_kept(&stream->buffer);
	tap__op_stream_fini(stream);
	return unreported;
}

static enum tap__item report_gap(struct tap__op_stream *stream)
{
	stream->reported = stream->gap;
	stream->gap.bytes = 0;
	return TAP__GAP;
}

static enum tap__item report_partial(struct tap__op_stream *stream)
{
	stream->has_partial = false;
	return TAP__PARTIAL;
}

enum tap__item tap__op_stream_next(struct tap__op_stream *stream)
{
	if (stream->has_partial)
		return report_partial(stream);
	if (!tap__op_buffer_keeps(&stream->buffer) && stream->buffer.kept_cap > KEPT_IDLE_BYTES)
		tap__op_buffer_free_kept(&stream->buffer);
	if (stream->mode == TAP__SKIPPING && stream->buffer.input.len > 0)
		skip_input(stream);
	if (stream->mode == TAP__RESYNC && !find_boundary(stream))
		return TAP__MORE;
	if (stream->mode == TAP__SKIPPING)
		return TAP__MORE;
	if (stream->gap.bytes > 0)
		return report_gap(stream);
	return tap__op_buffer_keeps(&stream->buffer) ? parse_kept(stream) : parse_input(stream);
}
