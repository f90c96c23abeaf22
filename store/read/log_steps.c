#include "store/read/log_steps.h"

#include <errno.h>

#include "store/read/block_cursor.h"
#include "store/read/decode_event.h"
#include "wire/mark.h"

struct scan {
	struct store_steps *steps;
	struct store__block_cursor cursor;
	struct store_block *block;
	uint64_t unpack_ns; /* blocks that span as much are unpacked, as are those with marks */
};

static int see_event(struct scan *scan, uint64_t seq, uint32_t row)
{
	int64_t time_ns = store_block_time_ns(scan->block, row), by_ns;
	struct wire_event event;
	if (store_block_kind(scan->block, row) == WIRE_EVENT_MARK) {
		store_block_event(scan->block, row, &event);
		if (wire_mark_is_step(event.text, &by_ns))
			return store_steps_mark(scan->steps, seq, time_ns, by_ns);
	}
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
	if ((header->kinds & 1u << WIRE_EVENT_MARK) || span_ns >= scan->unpack_ns)
		return see_events(scan, header);
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
		if (step == STORE__AT_BLOCK && see_block(scan) != 0)
			return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	return step;
}

static int scan_log(struct store_steps *steps, const char *path, uint64_t unpack_ns, struct wire_fault *fault)
{
	struct scan scan = {.steps = steps, .block = store_block_open(), .unpack_ns = unpack_ns};
	int error = scan.block ? 0 : wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	store_steps_fini(steps);
	if (!error) {
		error = see_log(&scan, path, fault);
		store__block_cursor_fini(&scan.cursor);
	}
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

int store_log_steps_read(struct store_steps *steps, const char *path, struct wire_fault *fault)
{
	int error = scan_log(steps, path, UINT64_MAX, fault);
	int64_t back_ns = error ? 0 : smallest_back(steps);
	if (back_ns == 0)
		return error;
	return scan_log(steps, path, back_ns > STORE_STEP_NS ? (uint64_t)(back_ns - STORE_STEP_NS) : 0,
			fault);
}
