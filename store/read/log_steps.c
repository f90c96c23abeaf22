#include "store/read/log_steps.h"

#include <errno.h>

#include "store/read/block_cursor.h"
#include "store/read/decode_event.h"
#include "wire/mark.h"

/* A time at a sequence number: its steady time is known once all steps are. */
struct moment {
	uint64_t seq;
	int64_t time_ns;
};

/* A period in which nothing was logged. */
struct down {
	struct moment from, to;
};

struct scan {
	struct store_steps *steps;
	struct moment first, last;  /* events of the log so far; seq 0: none */
	struct store__buffer downs; /* struct down */
	struct store__block_cursor cursor;
	struct store_block *block;
	uint32_t unpacked_kinds; /* blocks with events of these kinds are unpacked */
	uint64_t unpack_ns;      /* blocks that span as much are unpacked, as are those with marks */
};

/* ---- when nothing was logged ---- */

static void reach(struct scan *scan, uint64_t seq, int64_t time_ns)
{
	struct moment here = {seq, time_ns};
	if (scan->first.seq == 0)
		scan->first = here;
	/* Blocks of several event loops overlap. */
	if (scan->last.seq == 0 || time_ns > scan->last.time_ns ||
	    time_ns < store_time_minus(scan->last.time_ns, STORE_STEP_NS))
		scan->last = here;
}

static int add_down(struct scan *scan, struct down down)
{
	if (scan->downs.len / sizeof down >= STORE_DOWN_PERIODS_MAX)
		return 0;
	if (store__buffer_reserve(&scan->downs, sizeof down))
		return -ENOMEM;
	store__buffer_put(&scan->downs, &down, sizeof down);
	return 0;
}

static int see_gap(struct scan *scan, const struct wire_event *gap)
{
	const struct moment from = {gap->seq, gap->from_ns}, to = {gap->seq, gap->to_ns};
	return store_uptime_is_down_in(gap) ? add_down(scan, (struct down){from, to}) : 0;
}

/* An event of a kind that may say that nothing was logged before it. */
static int see_absence(struct scan *scan, const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_GAP)
		return see_gap(scan, event);
	if (!wire_mark_is_start(event->text) || scan->last.seq == 0)
		return 0;
	return add_down(scan, (struct down){scan->last, {event->seq, event->time_ns}});
}

static int find_uptime(struct scan *scan, struct store_uptime *uptime)
{
	const struct down *downs = (const struct down *)(const void *)scan->downs.bytes;
	const struct store_steps *steps = scan->steps;
	int error = 0;
	uptime->life = (struct store_period){store_steps_steady(steps, scan->first.seq, scan->first.time_ns),
					     store_steps_steady(steps, scan->last.seq, scan->last.time_ns)};
	for (size_t i = 0; i < scan->downs.len / sizeof *downs && !error; i++)
		error = store_uptime_add_down(
		    uptime, store_steps_steady(steps, downs[i].from.seq, downs[i].from.time_ns),
		    store_steps_steady(steps, downs[i].to.seq, downs[i].to.time_ns));
	store_uptime_sort(uptime);
	return error;
}

/* ---- blocks ---- */

static int see_event(struct scan *scan, uint64_t seq, uint32_t row)
{
	int64_t time_ns = store_block_time_ns(scan->block, row), by_ns;
	enum wire_event_kind kind = store_block_kind(scan->block, row);
	struct wire_event event = {.kind = WIRE_EVENT_MESSAGE};
	int error = 0;
	if (kind == WIRE_EVENT_MARK || kind == WIRE_EVENT_GAP) {
		store_block_event(scan->block, row, &event);
		error = see_absence(scan, &event);
	}
	reach(scan, seq, time_ns);
	if (error)
		return error;
	if (event.kind == WIRE_EVENT_MARK && wire_mark_is_step(event.text, &by_ns))
		return store_steps_mark(scan->steps, seq, time_ns, by_ns);
	return store_steps_see(scan->steps, seq, time_ns);
}

static int see_events(struct scan *scan, const struct store_block_header *header)
{
	int error = store_segment_reader_load_block(scan->cursor.segment, scan->cursor.entry,
						    STORE_FRAME_COLUMNS, scan->block);
	if (error)
		return error == -ENOMEM ? error : 0;
	for (uint32_t row = 0; row < header->events && !error; row++)
		error = see_event(scan, header->first_seq + row, row);
	return error;
}

static int see_block(struct scan *scan)
{
	const struct store_block_header *header = &store__block_cursor_entry(&scan->cursor)->header;
	uint64_t span_ns = (uint64_t)header->max_time_ns - (uint64_t)header->min_time_ns;
	if ((header->kinds & scan->unpacked_kinds) || span_ns >= scan->unpack_ns)
		return see_events(scan, header);
	reach(scan, header->first_seq, header->min_time_ns);
	reach(scan, header->first_seq + header->events - 1, header->max_time_ns);
	int error = store_steps_see(scan->steps, header->first_seq, header->min_time_ns);
	return error ? error
		     : store_steps_see(scan->steps, header->first_seq + header->events - 1,
				       header->max_time_ns);
}

static int see_log(struct scan *scan, const char *path, struct wire_fault *fault)
{
	int step = store__block_cursor_init(&scan->cursor, path, false, false, fault);
	if (step == 0)
		step = store__block_cursor_next(&scan->cursor, fault);
	for (; step > STORE__AT_END; step = store__block_cursor_next(&scan->cursor, fault))
		if ((step == STORE__AT_BLOCK ? see_block(scan) : see_gap(scan, &scan->cursor.gap)) != 0)
			return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	return step;
}

static int scan_log(struct store_steps *steps, struct store_uptime *uptime, const char *path,
		    uint64_t unpack_ns, struct wire_fault *fault)
{
	struct scan scan = {.steps = steps,
			    .block = store_block_open(),
			    .unpacked_kinds = 1u << WIRE_EVENT_MARK | (uptime ? 1u << WIRE_EVENT_GAP : 0),
			    .unpack_ns = unpack_ns};
	int error = scan.block ? 0 : wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	store_steps_fini(steps);
	if (!error) {
		error = see_log(&scan, path, fault);
		store__block_cursor_fini(&scan.cursor);
	}
	if (!error && uptime) {
		store_uptime_fini(uptime);
		if (find_uptime(&scan, uptime) != 0)
			error = wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	}
	store__buffer_fini(&scan.downs);
	store_block_close(scan.block);
	return error;
}

/* The smallest step back; 0: there is none. */
static int64_t smallest_back(const struct store_steps *steps)
{
	int64_t smallest_ns = 0;
	for (size_t i = 0; i < steps->count; i++) {
		int64_t back_ns = -steps->list[i].by_ns;
		if (back_ns > 0 && (smallest_ns == 0 || back_ns < smallest_ns))
			smallest_ns = back_ns;
	}
	return smallest_ns;
}

int store_log_steps_read(struct store_steps *steps, struct store_uptime *uptime, const char *path,
			 struct wire_fault *fault)
{
	int error = scan_log(steps, uptime, path, UINT64_MAX, fault);
	int64_t back_ns = error ? 0 : smallest_back(steps);
	if (back_ns == 0)
		return error;
	return scan_log(steps, uptime, path,
			back_ns > STORE_STEP_NS ? (uint64_t)(back_ns - STORE_STEP_NS) : 0, fault);
}
