#include "store/read/block_scan.h"

int store__block_scan_init(struct store__block_scan *select, const struct store_filter *filter, bool payloads)
{
	*select = (struct store__block_scan){.filter = filter, .payloads = payloads};
	select->block = store_block_open();
	select->rows = malloc(STORE_BLOCK_EVENTS_MAX * sizeof *select->rows);
	if (!filter)
		select->filter = select->everything = store_filter_open();
	if (!select->block || !select->rows || !select->filter)
		return -ENOMEM;
	select->payloads |= store_filter_needs_payloads(select->filter);
	return 0;
}

void store__block_scan_fini(struct store__block_scan *select)
{
	store_filter_close(select->everything);
	store_block_close(select->block);
	store__connection_names_fini(&select->roster);
	free(select->subjects);
	free(select->rows);
}

static int reserve_subjects(struct store__block_scan *select)
{
	uint32_t count = store_block_subjects(select->block);
	if (count <= select->subjects_cap)
		return 0;
	unsigned char *subjects = realloc(select->subjects, count);
	if (!subjects)
		return -ENOMEM;
	select->subjects = subjects;
	select->subjects_cap = count;
	return 0;
}

/* True when any event may pass. */
static bool judge_subjects(struct store__block_scan *select, const struct store_block_header *header)
{
	uint32_t count = store_block_subjects(select->block), passing = 0;
	uint64_t with_subject = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct store_block_subject *subject = store_block_subject(select->block, i);
		select->subjects[i] = store_filter_passes_subject(select->filter, subject->subject);
		passing += select->subjects[i];
		with_subject += subject->events;
	}
	bool all_have_one = with_subject >= header->events;
	bool none_passes = store_filter_passes_subject(select->filter, (struct wire_slice){0});
	select->all_subjects = passing == count && (all_have_one || none_passes);
	return passing > 0 || (!all_have_one && none_passes) || (header->kinds & 1u << WIRE_EVENT_GAP);
}

int store__block_scan_subjects(struct store__block_scan *select, struct store__block_cursor *walk)
{
	const struct store_block_header *header = &store__block_cursor_entry(walk)->header;
	store_block_begin(select->block, header);
	int error =
	    store_segment_reader_load(walk->segment, walk->entry, STORE_FRAME_DICTIONARY, select->block);
	error = error ? error : reserve_subjects(select);
	return error ? error : judge_subjects(select, header);
}

static bool passes_subject(const struct store__block_scan *select, uint32_t row, bool none_passes)
{
	uint32_t subject = store_block_subject_of(select->block, row);
	return subject == UINT32_MAX ? none_passes : select->subjects[subject];
}

/* Hot: once for every event of a block that may hold events that pass. */
static void judge_rows(struct store__block_scan *select, uint32_t events)
{
	const struct store_block *block = select->block;
	bool none_passes = store_filter_passes_subject(select->filter, (struct wire_slice){0});
	select->count = 0;
	for (uint32_t i = 0; i < events; i++) {
		enum wire_event_kind kind = store_block_kind(block, i);
		if (kind != WIRE_EVENT_GAP && !passes_subject(select, i, none_passes))
			continue;
		if (store_filter_passes_numbers(select->filter, kind, store_block_time_ns(block, i),
						store_block_size(block, i)))
			select->rows[select->count++] = i;
	}
}

static void judge_clients(struct store__block_scan *select, const struct store__block_cursor *walk)
{
	uint64_t last_conn = 0;
	uint32_t kept = 0;
	bool last_passes = store_filter_passes_client(select->filter, 0, NULL);
	for (uint32_t i = 0; i < select->count; i++) {
		uint32_t row = select->rows[i];
		uint64_t conn = store_block_conn(select->block, row);
		if (conn != last_conn)
			last_passes = store_filter_passes_client(
			    select->filter, conn, store__connection_names_find(&select->roster, walk, conn));
		last_conn = conn;
		if (last_passes || store_block_kind(select->block, row) == WIRE_EVENT_GAP)
			select->rows[kept++] = row;
	}
	select->count = kept;
}

int store__block_scan_rows(struct store__block_scan *select, struct store__block_cursor *walk)
{
	int error = store_segment_reader_load(walk->segment, walk->entry, STORE_FRAME_COLUMNS, select->block);
	if (error)
		return error;
	judge_rows(select, store__block_cursor_entry(walk)->header.events);
	if (store_filter_needs_clients(select->filter))
		judge_clients(select, walk);
	if (select->payloads && select->count > 0)
		return store_segment_reader_load(walk->segment, walk->entry, STORE_FRAME_PAYLOADS,
						 select->block);
	return 0;
}
