#include "tap/session/resync.h"

#include <stdlib.h>

#include "tap/session/nats_start.h"

enum {
	MESSAGE_MIN = 11, /* "PUB a 0\r\n\r\n" */
	STRONG_MIN = 2,   /* operations that only NATS has, needed when the bytes may be something else */
	LINE_FIRST =
	    16, /* of an incomplete line: parse so many bytes first, which shows for most that they are no operation */
	HEAP_FIRST = 64,
	LINE_IDLE_BYTES = 512, /* memory kept between lines */
};

void tap__resync_init(struct tap__resync *resync, struct tap_budget *budget)
{
	*resync = (struct tap__resync){.budget = budget};
}

void tap__resync_fini(struct tap__resync *resync)
{
	free(resync->line);
	free(resync->heap);
	tap_budget_give(resync->budget, resync->line_cap + resync->heap_cap * sizeof *resync->heap);
	resync->line = NULL;
	resync->heap = NULL;
	resync->line_len = resync->line_cap = resync->heap_len = resync->heap_cap = 0;
}

void tap__resync_begin(struct tap__resync *resync, bool is_line_start)
{
	tap__resync_fini(resync);
	*resync = (struct tap__resync){.budget = resync->budget,
				       .is_line_start = is_line_start,
				       .is_after_crlf = is_line_start,
				       .is_single = true,
				       .pushed = {.at = is_line_start ? 0 : TAP__NOWHERE}};
}

/* Grow `memory` from *cap to `wanted` units. False when there is none. */
static bool grow(struct tap__resync *resync, void **memory, size_t *cap, size_t wanted, size_t unit)
{
	uint64_t more = (wanted - *cap) * unit;
	if (!tap_budget_take(resync->budget, more))
		return false;
	void *moved = realloc(*memory, wanted * unit);
	if (!moved) {
		tap_budget_give(resync->budget, more);
		return false;
	}
	*memory = moved;
	*cap = wanted;
	return true;
}

/* ---- alignments ---- */

/* Follow no alignment. The real one has a boundary after `at` and will be found there. */
static void forget_alignments(struct tap__resync *resync)
{
	resync->heap_len = 0;
	resync->since = resync->at;
}

static void sift_up(struct tap__alignment *heap, size_t i)
{
	for (size_t parent; i > 0 && heap[parent = (i - 1) / 2].at > heap[i].at; i = parent) {
		struct tap__alignment moved = heap[i];
		heap[i] = heap[parent];
		heap[parent] = moved;
	}
}

static void sift_down(struct tap__alignment *heap, size_t len)
{
	for (size_t i = 0, child; (child = 2 * i + 1) < len; i = child) {
		if (child + 1 < len && heap[child + 1].at < heap[child].at)
			child++;
		if (heap[i].at <= heap[child].at)
			return;
		struct tap__alignment moved = heap[i];
		heap[i] = heap[child];
		heap[child] = moved;
	}
}

static void follow(struct tap__resync *resync, struct tap__alignment alignment)
{
	void *heap = resync->heap;
	if (resync->heap_len == resync->heap_cap) {
		size_t wanted = resync->heap_cap ? 2 * resync->heap_cap : HEAP_FIRST;
		if (wanted > TAP__RESYNC_ALIGNMENTS_MAX ||
		    !grow(resync, &heap, &resync->heap_cap, wanted, sizeof *resync->heap)) {
			forget_alignments(resync);
			return;
		}
		resync->heap = heap;
	}
	resync->heap[resync->heap_len] = alignment;
	sift_up(resync->heap, resync->heap_len++);
}

static void drop_first(struct tap__resync *resync)
{
	resync->heap[0] = resync->heap[--resync->heap_len];
	sift_down(resync->heap, resync->heap_len);
}

/* Does the alignment have a boundary at this line start? */
static bool is_here(const struct tap__resync *resync, const struct tap__alignment *alignment)
{
	return alignment->at == resync->at && (!alignment->needs_crlf || resync->is_after_crlf);
}

/* Remove the alignments whose next operation was to begin at this line start, or before it where no line began.
 * True when one has a boundary here. */
static bool meet_alignments(struct tap__resync *resync)
{
	bool is_boundary = false;
	resync->strong = 0;
	while (resync->heap_len > 0 && resync->heap[0].at <= resync->at) {
		const struct tap__alignment *first = &resync->heap[0];
		if (is_here(resync, first)) {
			is_boundary = true;
			if (first->strong > resync->strong)
				resync->strong = first->strong;
		}
		drop_first(resync);
	}
	return is_boundary;
}

/* ---- lines ---- */

static bool is_settled(const struct tap__resync *resync, const struct tap__resync_rules *rules)
{
	/* an operation cut by the hole has ended: a control line and a payload with their line ends */
	return resync->at - resync->since >
	       rules->payload_max + 2 * (uint64_t)rules->limits.max_control_line + 16;
}

static bool is_convincing(const struct tap__resync_rules *rules, uint8_t strong)
{
	return rules->is_nats || strong >= STRONG_MIN;
}

/* Begin a line. True when an operation certainly begins here. Otherwise decide whether to examine the line. */
static bool begin_line(struct tap__resync *resync, const struct tap__resync_rules *rules)
{
	bool is_boundary = meet_alignments(resync), settled = is_settled(resync, rules);
	if (settled && is_boundary && resync->heap_len == 0 && is_convincing(rules, resync->strong))
		return true;
	if (settled && !is_boundary && resync->heap_len == 0)
		forget_alignments(resync);
	resync->is_candidate = !settled || is_boundary;
	resync->is_examining = resync->is_candidate || is_here(resync, &resync->pushed);
	resync->line_len = 0;
	resync->line_need = LINE_FIRST;
	return false;
}

static void pass(struct tap__resync *resync, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	char before = len > 1 ? bytes[len - 2] : resync->last;
	resync->last = bytes[len - 1];
	resync->is_line_start = resync->last == '\n';
	resync->is_after_crlf = resync->is_line_start && before == '\r';
	resync->at += len;
}

static uint8_t one_more(uint8_t strong, enum wire_verb verb)
{
	return (uint8_t)(strong + (!tap__is_weak(verb) && strong < UINT8_MAX));
}

/* The line is no operation: the alignments with a boundary here end. */
static void reject_line(struct tap__resync *resync)
{
	if (resync->pushed.at == resync->at)
		resync->pushed.at = TAP__NOWHERE;
	resync->is_examining = false;
}

/* The line is an operation: the alignments with a boundary here continue after its body. */
static void accept_line(struct tap__resync *resync, enum wire_verb verb, size_t len, size_t body)
{
	struct tap__alignment next = {
	    .at = resync->at + len + body, .needs_crlf = body > 0, .strong = one_more(resync->strong, verb)};
	if (resync->is_candidate)
		follow(resync, next);
	if (is_here(resync, &resync->pushed)) {
		next.strong = one_more(resync->pushed.strong, verb);
		resync->pushed = next;
		resync->operations++;
	}
	resync->is_examining = false;
}

/* Parse the line at the start of `bytes`. True when it is decided: an operation of *len bytes, or none (*len
 * 0). False when its end is missing. */
static bool examine(struct tap__resync *resync, const struct tap__resync_rules *rules,
		    struct wire_slice bytes, size_t *len)
{
	struct wire_op op;
	size_t body = 0, need;
	int64_t line = wire_parse_line(bytes.data, bytes.len, &rules->limits, &op, &body, &need);
	*len = 0;
	if (line == 0)
		return false;
	if (line < 0 || !tap__is_allowed(rules->verbs, &op)) {
		reject_line(resync);
		return true;
	}
	accept_line(resync, op.verb, (size_t)line, body);
	*len = (size_t)line;
	return true;
}

/* Append bytes to the kept beginning of a line. False when there is no memory. */
static bool keep(struct tap__resync *resync, struct wire_slice bytes)
{
	void *line = resync->line;
	size_t wanted = resync->line_len + bytes.len,
	       cap = resync->line_cap ? resync->line_cap : LINE_IDLE_BYTES;
	while (cap < wanted)
		cap *= 2;
	if (cap > resync->line_cap && !grow(resync, &line, &resync->line_cap, cap, 1))
		return false;
	resync->line = line;
	memcpy(resync->line + resync->line_len, bytes.data, bytes.len);
	resync->line_len = wanted;
	return true;
}

static void pass_line(struct tap__resync *resync)
{
	pass(resync, resync->line, resync->line_len);
	resync->line_len = 0;
}

static void give_line_up(struct tap__resync *resync)
{
	forget_alignments(resync);
	reject_line(resync);
	pass_line(resync);
	resync->is_line_start = false;
}

/* Continue a line whose beginning is kept, at most to its end. Returns the number of bytes taken. */
static size_t go_on(struct tap__resync *resync, const struct tap__resync_rules *rules,
		    struct wire_slice bytes)
{
	const char *newline = memchr(bytes.data, '\n', bytes.len);
	size_t some = newline ? (size_t)(newline - bytes.data) + 1 : bytes.len, len;
	if (!keep(resync, wire_slice(bytes.data, some))) {
		give_line_up(resync);
		return 0;
	}
	if (!newline && resync->line_len < resync->line_need)
		return some;
	resync->line_need = 2 * resync->line_len;
	if (examine(resync, rules, wire_slice(resync->line, resync->line_len), &len))
		pass_line(resync);
	return some;
}

/* Skip the rest of a line that is no operation, with its end. */
static size_t skip_line(struct tap__resync *resync, struct wire_slice bytes)
{
	const char *newline = memchr(bytes.data, '\n', bytes.len);
	size_t len = newline ? (size_t)(newline - bytes.data) + 1 : bytes.len;
	pass(resync, bytes.data, len);
	return len;
}

/* Examine a line that begins with the first of the bytes. Hot without a boundary: most lines are whole here. */
static size_t look_at(struct tap__resync *resync, const struct tap__resync_rules *rules,
		      struct wire_slice bytes)
{
	size_t len;
	if (!examine(resync, rules, bytes, &len))
		return go_on(resync, rules, bytes);
	if (len == 0)
		return skip_line(resync, bytes);
	pass(resync, bytes.data, len);
	return len;
}

bool tap__resync_take(struct tap__resync *resync, const struct tap__resync_rules *rules,
		      struct wire_slice bytes, size_t *taken)
{
	*taken = 0;
	while (*taken < bytes.len) {
		struct wire_slice rest = wire_slice(bytes.data + *taken, bytes.len - *taken);
		if (resync->line_len > 0) {
			*taken += go_on(resync, rules, rest);
		} else if (!resync->is_line_start) {
			*taken += skip_line(resync, rest);
		} else if (begin_line(resync, rules)) {
			return true;
		} else {
			*taken +=
			    resync->is_examining ? look_at(resync, rules, rest) : skip_line(resync, rest);
		}
	}
	return false;
}

/* ---- pushes ---- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Could repetitive text have met all pushes? */
static bool is_periodic(const struct tap__resync *resync)
{
	return !resync->is_single && resync->divisor >= MESSAGE_MIN;
}

/* Follow the alignment with a boundary here, if there is one. */
static void begin_pushes(struct tap__resync *resync, bool is_boundary)
{
	resync->pushed = (struct tap__alignment){.at = is_boundary ? resync->at : TAP__NOWHERE};
	resync->pushes = 0;
	resync->divisor = 0;
	resync->is_single = true;
}

static void count_push(struct tap__resync *resync)
{
	resync->pushes += resync->at != resync->last_push;
	resync->divisor = common_divisor(resync->at - resync->last_push, resync->divisor);
	resync->is_single = resync->is_single && resync->operations <= 1;
}

bool tap__resync_push(struct tap__resync *resync, const struct tap__resync_rules *rules)
{
	bool is_boundary = resync->line_len == 0 && resync->is_line_start;
	if (is_boundary && is_here(resync, &resync->pushed))
		count_push(resync);
	else
		begin_pushes(resync, is_boundary);
	resync->operations = 0;
	resync->last_push = resync->at;
	return rules->trusts_pushes && resync->pushes >= TAP__RESYNC_PUSHES && !is_periodic(resync) &&
	       is_convincing(rules, resync->pushed.strong);
}
