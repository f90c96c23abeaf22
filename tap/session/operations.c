#include "tap/session/operations.h"

#include <stdlib.h>

#include "tap/session/suspicion.h"

enum {
	KEPT_IDLE_BYTES = 4096,        /* memory that a side holds on to while it keeps nothing */
	PUSHES_WANTED = 64,            /* in a row, after one inside an operation */
	MAX_PAYLOAD_DEFAULT = 1 << 20, /* of nats-server */
	MAX_PAYLOAD_ADVISED =
	    8 << 20, /* what its documentation advises at most: understood until a limit is known */
	MAX_PAYLOAD_LIMIT = 64 << 20, /* what it allows at most: understood whatever limit is named */
};

/* After so much silence the sender had nothing left to send. */
#define SILENCE_NS INT64_C(2000000000)

void tap__operations_init(struct tap__operations *side, bool is_start, struct tap_budget *budget)
{
	*side = (struct tap__operations){
	    .mode = TAP__HUNTING,
	    .is_start = is_start,
	    .verbs = TAP__ANY_VERB,
	    .limits = {.max_control_line = TAP__CONTROL_LINE_MAX, .max_payload = MAX_PAYLOAD_ADVISED},
	    .payload_max = MAX_PAYLOAD_DEFAULT,
	    .quiet_since_ns = INT64_MAX,
	    .budget = budget,
	};
	tap__resync_init(&side->resync, budget);
	tap__resync_begin(&side->resync, true);
}

void tap__operations_set_max_payload(struct tap__operations *side, uint64_t max_payload)
{
	side->payload_max = max_payload < MAX_PAYLOAD_LIMIT ? max_payload : MAX_PAYLOAD_LIMIT;
	side->limits.max_payload = (uint32_t)side->payload_max;
}

static void free_kept(struct tap__operations *side)
{
	free(side->kept);
	tap_budget_give(side->budget, side->kept_cap);
	side->kept = NULL;
	side->kept_at = side->kept_len = side->kept_cap = 0;
}

void tap__operations_fini(struct tap__operations *side)
{
	free_kept(side);
	tap__resync_fini(&side->resync);
}

/* ---- bytes ---- */

static bool keeps(const struct tap__operations *side)
{
	return side->kept_len > 0;
}

static struct wire_slice kept(const struct tap__operations *side)
{
	return keeps(side) ? wire_slice(side->kept + side->kept_at, side->kept_len - side->kept_at)
			   : wire_slice(NULL, 0);
}

struct wire_slice tap__operations_rest(const struct tap__operations *side)
{
	return keeps(side) ? kept(side) : side->input;
}

/* What is kept is over; the bytes stay where they are until others are kept. */
static void forget_kept(struct tap__operations *side)
{
	side->kept_at = side->kept_len = side->need = 0;
}

static void advance_kept(struct tap__operations *side, size_t len)
{
	side->kept_at += len;
	side->need = 0;
	if (side->kept_at == side->kept_len)
		forget_kept(side);
}

static void advance_input(struct tap__operations *side, size_t len)
{
	side->input.data += len;
	side->input.len -= len;
}

static void advance_rest(struct tap__operations *side, size_t len)
{
	if (keeps(side))
		advance_kept(side, len);
	else
		advance_input(side, len);
}

static bool grow_kept(struct tap__operations *side, size_t wanted)
{
	size_t cap = side->kept_cap ? side->kept_cap : 512;
	while (cap < wanted)
		cap *= 2;
	if (!tap_budget_take(side->budget, cap - side->kept_cap))
		return false;
	char *moved = realloc(side->kept, cap);
	if (!moved) {
		tap_budget_give(side->budget, cap - side->kept_cap);
		return false;
	}
	side->kept = moved;
	side->kept_cap = cap;
	return true;
}

/* Move the first len bytes of the input to those that are kept. False when there is no memory for them. */
static bool keep_input(struct tap__operations *side, size_t len)
{
	if (side->kept_at > 0) {
		memmove(side->kept, side->kept + side->kept_at, side->kept_len - side->kept_at);
		side->kept_len -= side->kept_at;
		side->kept_at = 0;
	}
	if (side->kept_len + len > side->kept_cap && !grow_kept(side, side->kept_len + len))
		return false;
	memcpy(side->kept + side->kept_len, side->input.data, len);
	side->kept_len += len;
	advance_input(side, len);
	return true;
}

/* ---- what is lost ---- */

static void begin_gap(struct tap__operations *side, enum tap__why why)
{
	if (side->gap.bytes == 0)
		side->gap = (struct tap__gap){.from_ns = side->last_ns, .why = why};
	side->gap.to_ns = side->time_ns;
}

static void lose(struct tap__operations *side, uint64_t bytes, enum tap__why why)
{
	if (bytes == 0)
		return;
	begin_gap(side, why);
	side->gap.bytes += bytes;
	side->lost_bytes += bytes;
	side->is_start = false;
}

static void begin_hunt(struct tap__operations *side, bool is_line_start)
{
	side->mode = TAP__HUNTING;
	side->skip = side->need = 0;
	tap__resync_begin(&side->resync, is_line_start);
}

/* Let the operation say only what was seen: `seen` bytes of its body. Headers are shown as a whole or not at all. */
static void show_seen(struct tap__operations *side, const char *body, size_t seen)
{
	struct wire_op *op = &side->op;
	side->announced_bytes = op->payload.len;
	if (seen < op->headers.len) {
		op->headers = op->payload = wire_slice(NULL, 0);
		return;
	}
	seen -= op->headers.len;
	op->headers.data = body;
	op->payload = wire_slice(body + op->headers.len, seen < op->payload.len ? seen : op->payload.len);
}

/* The operation that begins at `begun` will not become whole. When it is a message whose size is known, it is told as
 * far as it was seen, and its rest can be counted off; otherwise its bytes are lost. */
static void cut_short(struct tap__operations *side, struct wire_slice begun, enum tap__why why)
{
	size_t body = 0, need;
	int64_t line = wire_parse_line(begun.data, begun.len, &side->limits, &side->op, &body, &need);
	if (line <= 0 || body == 0) {
		lose(side, begun.len, why);
		begin_hunt(side, false);
		return;
	}
	show_seen(side, begun.data + line, begun.len - (size_t)line);
	side->has_partial = true;
	side->partial_bytes += begun.len;
	side->skip = (uint64_t)line + body - begun.len;
	side->mode = TAP__SKIPPING;
	begin_gap(side, why);
}

/* There is no memory for what is to be kept: go on without. */
static enum tap__item do_without(struct tap__operations *side)
{
	struct wire_slice begun = tap__operations_rest(side);
	cut_short(side, begun, TAP__LIMIT);
	advance_rest(side, begun.len);
	return tap__operations_next(side);
}

/* ---- in step ---- */

static enum tap__item accept(struct tap__operations *side, int64_t len)
{
	side->whole_bytes += (uint64_t)len;
	side->last_ns = side->time_ns;
	if ((uint64_t)len > side->payload_max)
		side->payload_max = (uint64_t)len;
	return TAP__OP;
}

static enum tap__item go_astray(struct tap__operations *side)
{
	begin_hunt(side, true);
	side->is_start = false;
	return TAP__ASTRAY;
}

/* Hot: nearly every operation lies whole in the input. */
static enum tap__item parse_input(struct tap__operations *side)
{
	if (side->input.len == 0)
		return TAP__MORE;
	int64_t len = wire_parse(side->input.data, side->input.len, &side->limits, &side->op, &side->need);
	if (len < 0 || (len > 0 && !tap__is_sayable(side->verbs, &side->op)))
		return go_astray(side);
	if (len == 0)
		return keep_input(side, side->input.len) ? TAP__MORE : do_without(side);
	advance_input(side, (size_t)len);
	return accept(side, len);
}

/* How much of the input the kept operation needs to become whole: the missing bytes where their number is known, else
 * the rest of its line. */
static size_t missing(const struct tap__operations *side)
{
	size_t wanted = side->need - kept(side).len;
	if (wanted == 1) {
		const char *newline = memchr(side->input.data, '\n', side->input.len);
		wanted = newline ? (size_t)(newline - side->input.data) + 1 : side->input.len;
	}
	return wanted < side->input.len ? wanted : side->input.len;
}

static enum tap__item parse_kept(struct tap__operations *side)
{
	for (;;) {
		struct wire_slice bytes = kept(side);
		if (bytes.len >= side->need) {
			int64_t len =
			    wire_parse(bytes.data, bytes.len, &side->limits, &side->op, &side->need);
			if (len < 0 || (len > 0 && !tap__is_sayable(side->verbs, &side->op)))
				return go_astray(side);
			if (len > 0) {
				advance_kept(side, (size_t)len);
				return accept(side, len);
			}
		}
		if (side->input.len == 0)
			return TAP__MORE;
		if (!keep_input(side, missing(side)))
			return do_without(side);
	}
}

/* ---- skipping ---- */

/* Count off the rest of a body. Its last two bytes, where they are seen, show whether the count was right. */
static void skip_input(struct tap__operations *side)
{
	size_t len = side->skip < side->input.len ? (size_t)side->skip : side->input.len;
	uint64_t left = side->skip - len;
	bool is_right = (left > 1 || len < 2 - left || side->input.data[len - (2 - left)] == '\r') &&
			(left > 0 || side->input.data[len - 1] == '\n');
	lose(side, len, side->gap.why);
	advance_input(side, len);
	side->skip = left;
	if (!is_right)
		begin_hunt(side, false);
	else if (left == 0)
		side->mode = TAP__IN_STEP;
}

/* ---- hunting ---- */

static void get_in_step(struct tap__operations *side)
{
	side->mode = TAP__IN_STEP;
	side->need = side->rejected_bytes = 0;
	tap__resync_fini(&side->resync);
}

/* Lose bytes that were seen, from the rest. */
static void reject(struct tap__operations *side, size_t len, enum tap__why why)
{
	lose(side, len, why);
	side->rejected_bytes += len;
	advance_rest(side, len);
}

/* There is no memory for what a side begins with. */
static void do_without_start(struct tap__operations *side)
{
	reject(side, kept(side).len, TAP__LIMIT);
	reject(side, side->input.len, TAP__LIMIT);
	begin_hunt(side, false);
}

/* The first bytes of a side. True when in step. */
static bool hunt_at_start(struct tap__operations *side)
{
	if (keeps(side) && side->input.len > 0 && !keep_input(side, side->input.len)) {
		do_without_start(side);
		return false;
	}
	struct wire_slice rest = tap__operations_rest(side);
	if (rest.len == 0 || rest.len < side->need)
		return false;
	enum tap__verdict verdict = tap__suspicion_judge(side->verbs, &side->limits, rest, &side->need);
	if (verdict == TAP__WRONG)
		side->is_start = false;
	else if (verdict == TAP__OPEN && !keeps(side) && !keep_input(side, rest.len))
		do_without_start(side);
	return verdict == TAP__RIGHT;
}

static struct tap__resync_rules rules_of(const struct tap__operations *side)
{
	return (struct tap__resync_rules){.verbs = side->verbs,
					  .limits = side->limits,
					  .payload_max = side->payload_max,
					  .is_nats = side->is_nats,
					  .trusts_pushes = side->pushes_wanted == 0};
}

/* True when in step again. */
static bool hunt(struct tap__operations *side)
{
	const struct tap__resync_rules rules = rules_of(side);
	bool is_found = side->is_start && hunt_at_start(side);
	while (!is_found && !side->is_start && tap__operations_rest(side).len > 0) {
		size_t taken;
		is_found = tap__resync_take(&side->resync, &rules, tap__operations_rest(side), &taken);
		reject(side, taken, TAP__UNDECODABLE);
	}
	if (is_found)
		get_in_step(side);
	return is_found;
}

/* ---- in and out ---- */

static void set_time(struct tap__operations *side, int64_t time_ns)
{
	side->time_ns = time_ns;
	if (side->last_ns == 0)
		side->last_ns = time_ns;
}

/* Whole operations and nothing else, in a segment that TCP did not cut. */
static bool is_whole(const struct tap__operations *side, struct wire_slice bytes)
{
	struct wire_op op;
	size_t need;
	if (bytes.len >= TAP_SEGMENT_BYTES_MIN)
		return false;
	for (size_t at = 0; at < bytes.len;) {
		int64_t len = wire_parse(bytes.data + at, bytes.len - at, &side->limits, &op, &need);
		if (len <= 0 || !tap__is_sayable(side->verbs, &op))
			return false;
		at += (size_t)len;
	}
	return true;
}

/* The sender has said nothing for so long that it begins an operation with these bytes. */
static bool is_new_speech(const struct tap__operations *side, int64_t time_ns, struct wire_slice bytes)
{
	return side->mode == TAP__HUNTING && !side->is_start && side->is_nats && side->pushes_wanted == 0 &&
	       side->resync.is_line_start && side->resync.line_len == 0 &&
	       side->quiet_since_ns <= time_ns - SILENCE_NS && is_whole(side, bytes);
}

void tap__operations_set_quiet(struct tap__operations *side, int64_t since_ns)
{
	side->quiet_since_ns = since_ns;
}

void tap__operations_feed(struct tap__operations *side, int64_t time_ns, struct wire_slice bytes)
{
	if (is_new_speech(side, time_ns, bytes))
		get_in_step(side);
	side->quiet_since_ns = INT64_MAX;
	set_time(side, time_ns);
	side->input = bytes;
}

static void end_kept(struct tap__operations *side, enum tap__why why)
{
	if (!keeps(side))
		return;
	if (side->mode == TAP__IN_STEP)
		cut_short(side, kept(side), why);
	else
		lose(side, kept(side).len, TAP__UNDECODABLE);
	forget_kept(side);
}

void tap__operations_hole(struct tap__operations *side, int64_t time_ns, uint64_t bytes, enum tap_hole why)
{
	set_time(side, time_ns);
	side->quiet_since_ns = INT64_MAX;
	end_kept(side, (enum tap__why)why);
	lose(side, bytes, (enum tap__why)why);
	if (side->mode == TAP__SKIPPING && bytes <= side->skip)
		side->skip -= bytes;
	else
		begin_hunt(side, true);
	if (side->mode == TAP__SKIPPING && side->skip == 0)
		side->mode = TAP__IN_STEP;
}

void tap__operations_end(struct tap__operations *side, int64_t time_ns)
{
	set_time(side, time_ns);
	end_kept(side, TAP__ENDED);
	side->mode = TAP__IN_STEP; /* what is left of a body was never sent, or nothing is known of it */
}

/* Does a packet end with an operation here? */
static bool is_at_boundary(const struct tap__operations *side)
{
	return side->mode == TAP__IN_STEP && !keeps(side);
}

void tap__operations_push(struct tap__operations *side)
{
	const struct tap__resync_rules rules = rules_of(side);
	side->quiet_since_ns = side->time_ns;
	if (side->mode != TAP__HUNTING) {
		if (!is_at_boundary(side))
			side->pushes_wanted = PUSHES_WANTED;
		else if (side->pushes_wanted > 0)
			side->pushes_wanted--;
	} else if (!side->is_start && tap__resync_push(&side->resync, &rules)) {
		get_in_step(side);
	}
}

void tap__operations_trust(struct tap__operations *side)
{
	side->is_nats = true;
	if (side->mode != TAP__HUNTING || !side->is_start)
		return;
	get_in_step(side);
}

uint64_t tap__operations_drop(struct tap__operations *side)
{
	uint64_t left = kept(side).len + side->input.len, untold = side->gap.bytes + left;
	side->lost_bytes += left;
	side->input.len = 0;
	side->gap.bytes = 0;
	side->has_partial = false;
	forget_kept(side);
	tap__operations_fini(side);
	return untold;
}

static enum tap__item tell_gap(struct tap__operations *side)
{
	side->told = side->gap;
	side->gap.bytes = 0;
	return TAP__GAP;
}

static enum tap__item tell_partial(struct tap__operations *side)
{
	side->has_partial = false;
	return TAP__PARTIAL;
}

enum tap__item tap__operations_next(struct tap__operations *side)
{
	if (side->has_partial)
		return tell_partial(side);
	if (!keeps(side) && side->kept_cap > KEPT_IDLE_BYTES)
		free_kept(side);
	if (side->mode == TAP__SKIPPING && side->input.len > 0)
		skip_input(side);
	if (side->mode == TAP__HUNTING && !hunt(side))
		return TAP__MORE;
	if (side->mode == TAP__SKIPPING)
		return TAP__MORE;
	if (side->gap.bytes > 0)
		return tell_gap(side);
	return keeps(side) ? parse_kept(side) : parse_input(side);
}
