#include "store/read/block_scan.h"

#include "store/read/decode_event.h"
#include "store/read/steps.h"

int store__block_scan_init(struct store__block_scan *scan, const struct store_filter *filter, bool payloads)
{
	*scan = (struct store__block_scan){.filter = filter,
					   .payloads = payloads,
					   .block = store_block_open(),
					   .rows = malloc(STORE_BLOCK_EVENTS_MAX * sizeof *scan->rows)};
	return scan->block && scan->rows ? 0 : -ENOMEM;
}

void store__block_scan_fini(struct store__block_scan *scan)
{
	store_block_close(scan->block);
	store__buffer_fini(&scan->sorted);
	free(scan->subjects);
	free(scan->decided);
	free(scan->rows);
}

static int reserve_subjects(struct store__block_scan *scan)
{
	uint32_t count = store_block_subjects(scan->block) + 1;
	if (count <= scan->subjects_cap)
		return 0;
	unsigned char *subjects = realloc(scan->subjects, count);
	if (subjects)
		scan->subjects = subjects;
	struct store__decided *decided = realloc(scan->decided, count * sizeof *decided);
	if (decided)
		scan->decided = decided;
	if (!subjects || !decided)
		return -ENOMEM;
	scan->subjects_cap = count;
	return 0;
}

static bool judge_subject(struct store__block_scan *scan, uint32_t at, struct wire_slice subject,
			  struct store__decided bounds)
{
	scan->decided[at] = bounds;
	return store__filter_subject(scan->filter, subject, &scan->decided[at]);
}

/* True when any event may pass. */
static bool judge_subjects(struct store__block_scan *scan, const struct store_block_header *header)
{
	const struct store__decided bounds = store__filter_bounds(scan->filter, header);
	uint32_t count = store_block_subjects(scan->block), passing = 0;
	uint64_t with_subject = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct store_block_subject *subject = store_block_subject(scan->block, i);
		scan->subjects[i] = judge_subject(scan, i, subject->subject, bounds);
		passing += scan->subjects[i];
		with_subject += subject->events;
	}
	bool all_have_one = with_subject >= header->events;
	scan->none_passes = judge_subject(scan, count, (struct wire_slice){0}, bounds);
	scan->all_subjects = passing == count && (all_have_one || scan->none_passes);
	return passing > 0 || (!all_have_one && scan->none_passes) || (header->kinds & 1u << WIRE_EVENT_GAP);
}

int store__block_scan_subjects(struct store__block_scan *scan, struct store_segment_reader *segment,
			       size_t entry)
{
	const struct store_block_header *header = &segment->index.entries[entry].header;
	store_block_begin(scan->block, header);
	scan->content_error = 0;
	int error = store_segment_reader_load(segment, entry, STORE_FRAME_DICTIONARY, scan->block);
	error = error ? error : reserve_subjects(scan);
	return error ? error : judge_subjects(scan, header);
}

static bool passes_subject(const struct store__block_scan *scan, uint32_t row, bool none_passes)
{
	uint32_t subject = store_block_subject_of(scan->block, row);
	return subject == UINT32_MAX ? none_passes : scan->subjects[subject];
}

/* Hot: once for every event of a block that may hold events that pass. */
static void judge_rows(struct store__block_scan *scan, uint32_t events)
{
	const struct store_block *block = scan->block;
	const bool none_passes = scan->none_passes;
	scan->count = 0;
	for (uint32_t i = 0; i < events; i++) {
		enum wire_event_kind kind = store_block_kind(block, i);
		if (kind != WIRE_EVENT_GAP && !passes_subject(scan, i, none_passes))
			continue;
		if (store__filter_numbers(scan->filter, kind, store_block_time_ns(block, i),
					  store_block_size(block, i)))
			scan->rows[scan->count++] = i;
	}
}

/* The parts of the filter's expression that the block's header and the row's subject decide. */
static struct store__decided decided_of(const struct store__block_scan *scan, uint32_t row)
{
	uint32_t subject = store_block_subject_of(scan->block, row);
	return scan->decided[subject == UINT32_MAX ? store_block_subjects(scan->block) : subject];
}

/* Where connections of the block are described. */
struct describing {
	struct store__connection_names *names;
	struct store_segment_reader *segment;
	size_t entry;
};

static const struct wire_client *describe(void *context, uint64_t conn)
{
	const struct describing *describing = context;
	return store__connection_names_find(describing->names, describing->segment, describing->entry, conn);
}

/* The facts that are known before headers and payloads are loaded. */
static unsigned facts_before_content(const struct store__block_scan *scan)
{
	const unsigned before = STORE__NEEDS_ALL & ~(unsigned)STORE__NEEDS_CONTENT;
	return scan->may_lose ? before & ~(unsigned)STORE__NEEDS_RECEIVERS : before;
}

/* Drop the rows whose columns say that they do not pass. Hot where the filter asks for more than subjects, kinds, times and a
 * size: receivers and replies are put together only when it asks for them. */
static void judge_columns(struct store__block_scan *scan, const struct store_clients_lookup *clients)
{
	const unsigned needs = store__filter_needs(scan->filter);
	const bool needs_all = (needs & (STORE__NEEDS_RECEIVERS | STORE__NEEDS_DETAILS)) != 0;
	struct wire_event event = {0};
	const struct store__facts facts = {
	    .event = &event, .clients = clients, .have = facts_before_content(scan)};
	uint32_t kept = 0;
	for (uint32_t i = 0; i < scan->count; i++) {
		const uint32_t row = scan->rows[i];
		enum store__verdict verdict = STORE__YES;
		if (needs_all)
			store_block_event(scan->block, row, &event);
		else
			store_block_numbers(scan->block, row, &event);
		if (!store__filter_seqs(scan->filter, event.seq, event.seq))
			verdict = STORE__NO;
		else if (event.kind != WIRE_EVENT_GAP)
			verdict = store__filter_judge(scan->filter, decided_of(scan, row), &facts);
		if (verdict != STORE__NO)
			scan->rows[kept++] = row;
		scan->is_decided &= verdict != STORE__MAYBE;
	}
	scan->count = kept;
}

int store__block_scan_rows(struct store__block_scan *scan, struct store_segment_reader *segment, size_t entry,
			   struct store__connection_names *names)
{
	struct describing describing = {names, segment, entry};
	const struct store_clients_lookup clients = {.find = describe, .context = &describing};
	int error = store_segment_reader_load(segment, entry, STORE_FRAME_COLUMNS, scan->block);
	if (error)
		return error;
	scan->is_decided = store__filter_needs(scan->filter) == 0 || store__filter_asks_columns(scan->filter);
	judge_rows(scan, segment->index.entries[entry].header.events);
	if (store__filter_asks_columns(scan->filter))
		judge_columns(scan, &clients);
	bool needs_content = store_filter_needs_payloads(scan->filter) && !scan->is_decided;
	if ((scan->payloads || needs_content) && scan->count > 0)
		return store_segment_reader_load(segment, entry, STORE_FRAME_PAYLOADS, scan->block);
	return 0;
}

int store__block_scan_content(struct store__block_scan *scan, struct store_segment_reader *segment,
			      size_t entry)
{
	if (scan->content_error || store_block_has_payloads(scan->block))
		return scan->content_error;
	scan->content_error = store_segment_reader_load(segment, entry, STORE_FRAME_PAYLOADS, scan->block);
	return scan->content_error;
}

/* ---- order ---- */

struct timed_row {
	int64_t time_ns;
	uint32_t row;
};

static bool are_in_order(const struct store__block_scan *scan)
{
	int64_t last_ns = INT64_MIN;
	bool in_order = true;
	for (uint32_t i = 0; i < scan->count && in_order; i++) {
		int64_t time_ns = store_block_time_ns(scan->block, scan->rows[i]);
		in_order = time_ns >= last_ns;
		last_ns = time_ns;
	}
	return in_order;
}

static int by_time(const void *a, const void *b)
{
	const struct timed_row *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* The end of the rows from `from` on between which the clock was not set back. */
static uint32_t end_of_stretch(const struct timed_row *rows, uint32_t from, uint32_t count)
{
	int64_t latest_ns = rows[from].time_ns;
	for (uint32_t i = from + 1; i < count; i++) {
		if (rows[i].time_ns < store_time_minus(latest_ns, STORE_REORDER_NS))
			return i;
		if (rows[i].time_ns > latest_ns)
			latest_ns = rows[i].time_ns;
	}
	return count;
}

int store__block_scan_sort(struct store__block_scan *scan)
{
	if (are_in_order(scan))
		return 0;
	scan->sorted.len = 0;
	if (store__buffer_reserve(&scan->sorted, scan->count * sizeof(struct timed_row)))
		return -ENOMEM;
	struct timed_row *rows = (struct timed_row *)(void *)scan->sorted.bytes;
	for (uint32_t i = 0; i < scan->count; i++)
		rows[i] = (struct timed_row){.time_ns = store_block_time_ns(scan->block, scan->rows[i]),
					     .row = scan->rows[i]};
	for (uint32_t from = 0, end; from < scan->count; from = end) {
		end = end_of_stretch(rows, from, scan->count);
		qsort(rows + from, end - from, sizeof *rows, by_time);
	}
	for (uint32_t i = 0; i < scan->count; i++)
		scan->rows[i] = rows[i].row;
	return 0;
}
