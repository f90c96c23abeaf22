#include "store/read/count.h"

#include <errno.h>

#include "store/read/block_cursor.h"
#include "store/read/block_scan.h"
#include "store/read/decode_event.h"
#include "store/read/undelivered.h"

/* Kinds of which not every event counts that passes. */
enum { SINGULAR_KINDS = 1 << WIRE_EVENT_CONNECT | 1 << WIRE_EVENT_GAP };

struct counting {
	const struct store_filter *filter;
	struct store__block_cursor cursor;
	struct store__block_scan scan;
	struct store__connection_names names;
	struct store_clients_lookup lookup; /* in names */
	struct store__undelivered *undelivered;
	bool counts_gaps;
	uint64_t count;
};

static const struct wire_client *look_up(void *context, uint64_t conn)
{
	struct counting *counting = context;
	return store__connection_names_find(&counting->names, counting->cursor.segment,
					    counting->cursor.entry, conn);
}

static int out_of_memory(const struct counting *counting, struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "%s: out of memory", counting->cursor.path);
}

/* 1, 0, or -ENOMEM. */
static int count_row(struct counting *counting, uint32_t row)
{
	struct wire_event event;
	store_block_event(counting->scan.block, row, &event);
	if (event.kind == WIRE_EVENT_GAP)
		return counting->counts_gaps;
	if (counting->scan.may_lose && store__undelivered_apply(counting->undelivered, &event) != 0)
		return -ENOMEM;
	return !store__filter_drops_repetition(counting->filter, &event) &&
	       (counting->scan.is_decided ||
		store__filter_passes_content(counting->filter, &event, &counting->lookup));
}

static int count_rows(struct counting *counting, const struct store_block_header *header)
{
	struct store__block_scan *scan = &counting->scan;
	scan->may_lose = store__undelivered_in(counting->undelivered, header->first_seq) > 0;
	int error =
	    store__block_scan_rows(scan, counting->cursor.segment, counting->cursor.entry, &counting->names);
	if (error)
		return error;
	if (scan->is_decided && !(header->kinds & SINGULAR_KINDS)) {
		counting->count += scan->count;
		return 0;
	}
	for (uint32_t i = 0; i < scan->count; i++) {
		int counts = count_row(counting, scan->rows[i]);
		if (counts < 0)
			return counts;
		counting->count += (uint64_t)counts;
	}
	return 0;
}

/* 0 or -ENOMEM. A block that cannot be read is noted as damage. */
static int count_block(struct counting *counting)
{
	const struct store_block_header *header = &store__block_cursor_entry(&counting->cursor)->header;
	if (!store__filter_block(counting->filter, header))
		return 0;
	int status =
	    store__block_scan_subjects(&counting->scan, counting->cursor.segment, counting->cursor.entry);
	bool is_whole = counting->scan.all_subjects && !(header->kinds & SINGULAR_KINDS) &&
			store__filter_whole_block(counting->filter, header);
	if (status > 0 && is_whole)
		counting->count += header->events;
	else if (status > 0)
		status = count_rows(counting, header);
	if (status >= 0 || status == -ENOMEM)
		return status < 0 ? status : 0;
	store__block_cursor_give_up(&counting->cursor, counting->cursor.segment, counting->cursor.entry);
	counting->count += counting->counts_gaps;
	return 0;
}

static int count_log(struct counting *counting, struct wire_fault *fault)
{
	int step;
	while ((step = store__block_cursor_next(&counting->cursor, fault)) != STORE__AT_END) {
		if (step < 0)
			return step;
		if (step == STORE__AT_GAP)
			counting->count += counting->counts_gaps;
		else if (count_block(counting) != 0)
			return out_of_memory(counting, fault);
	}
	return 0;
}

static int begin(struct counting *counting, const char *path, struct wire_fault *fault)
{
	int error = store__block_cursor_init(&counting->cursor, path, false, false, fault);
	if (error)
		return error;
	counting->undelivered = store__undelivered_open();
	if (!counting->undelivered || store__block_scan_init(&counting->scan, counting->filter, false) != 0)
		return out_of_memory(counting, fault);
	if ((store__filter_needs(counting->filter) & STORE__NEEDS_RECEIVERS) &&
	    store__undelivered_find(counting->undelivered, path, 0) != 0)
		return out_of_memory(counting, fault);
	return 0;
}

int store_count_read(uint64_t *count, const char *path, const struct store_filter *filter,
		     struct wire_damage *damage, struct wire_fault *fault)
{
	struct counting counting = {.filter = filter, .counts_gaps = store_filter_asks_for_gaps(filter)};
	counting.lookup = (struct store_clients_lookup){.find = look_up, .context = &counting};
	int error = begin(&counting, path, fault);
	error = error ? error : count_log(&counting, fault);
	*count += counting.count;
	*damage = counting.cursor.damage;
	store__block_scan_fini(&counting.scan);
	store__connection_names_fini(&counting.names);
	store__undelivered_close(counting.undelivered);
	store__block_cursor_fini(&counting.cursor);
	return error;
}
