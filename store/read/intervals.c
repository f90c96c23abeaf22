#include "store/read/intervals.h"

#include <errno.h>
#include <stdlib.h>

#include "store/format/block.h"
#include "store/read/block_cursor.h"
#include "store/read/block_scan.h"
#include "store/read/decode_event.h"
#include "store/read/log_steps.h"
#include "store/read/undelivered.h"

/* Kinds of events that are looked at one by one, even when their whole block passes. In blocks with marks the clock may have
 * been set. */
enum { SINGULAR_KINDS = 1 << WIRE_EVENT_GAP | 1 << WIRE_EVENT_ERROR | 1 << WIRE_EVENT_MARK };

struct run {
	struct store_intervals *intervals;
	struct store__block_cursor cursor;
	struct wire_progress *progress; /* borrowed */
	struct store__block_scan scan;
	struct store__connection_names names;
	struct store_clients_lookup lookup;     /* in names */
	struct store__undelivered *undelivered; /* owned; NULL: the filter does not ask for receivers */
	struct store_filter *everything;        /* owned: stands in for no filter */
	struct store_steps steps;
	struct store_uptime uptime;
	size_t next_step;             /* of steps: not reached yet */
	struct store_interval *at;    /* the interval of the last event */
	int64_t at_from_ns, at_to_ns; /* its bounds */
};

void store_intervals_init(struct store_intervals *intervals, int64_t every_ns, int64_t (*zone_ns)(int64_t ns))
{
	*intervals = (struct store_intervals){.every_ns = every_ns, .zone_ns = zone_ns};
}

void store_intervals_fini(struct store_intervals *intervals)
{
	free(intervals->list);
	intervals->list = NULL;
}

int64_t store_interval_begin(const struct store_intervals *intervals, size_t number)
{
	int64_t after_ns, begin_ns;
	if (__builtin_mul_overflow((int64_t)number, intervals->every_ns, &after_ns) ||
	    __builtin_add_overflow(intervals->base_ns, after_ns, &begin_ns))
		return INT64_MAX;
	return begin_ns;
}

/* ---- the list ---- */

static void set_base(struct store_intervals *intervals, int64_t steady_ns)
{
	int64_t zone_ns = intervals->zone_ns ? intervals->zone_ns(steady_ns) : 0;
	int64_t local_ns = store_time_plus(steady_ns, zone_ns);
	int64_t rest_ns = local_ns % intervals->every_ns;
	intervals->base_ns =
	    store_time_minus(steady_ns, rest_ns < 0 ? rest_ns + intervals->every_ns : rest_ns);
	intervals->has_base = true;
}

/* The number of the interval of a time. Events of several event loops may be out of order: those before the base count in
 * interval 0. */
size_t store_intervals_number(const struct store_intervals *intervals, int64_t steady_ns)
{
	if (steady_ns < intervals->base_ns)
		return 0;
	return ((uint64_t)steady_ns - (uint64_t)intervals->base_ns) / (uint64_t)intervals->every_ns;
}

static uint64_t number_of(struct store_intervals *intervals, int64_t steady_ns)
{
	if (!intervals->has_base)
		set_base(intervals, steady_ns);
	return store_intervals_number(intervals, steady_ns);
}

/* Make the list reach up to a number. 0, -ENOMEM or -E2BIG. */
static int reach(struct store_intervals *intervals, uint64_t number)
{
	if (number < intervals->len)
		return 0;
	if (number >= STORE_INTERVALS_MAX)
		return -E2BIG;
	if (number >= intervals->cap) {
		size_t cap = intervals->cap ? intervals->cap : 64;
		while (cap <= number)
			cap *= 2;
		struct store_interval *list = realloc(intervals->list, cap * sizeof *list);
		if (!list)
			return -ENOMEM;
		intervals->list = list;
		intervals->cap = cap;
	}
	memset(intervals->list + intervals->len, 0, (number + 1 - intervals->len) * sizeof *intervals->list);
	intervals->len = (size_t)number + 1;
	return 0;
}

int store_intervals_add(struct store_intervals *intervals, const struct wire_event *event)
{
	uint64_t number = number_of(intervals, event->steady_ns);
	int error = reach(intervals, number);
	if (error)
		return error;
	struct store_interval *interval = &intervals->list[number];
	if (event->kind == WIRE_EVENT_MESSAGE) {
		interval->messages++;
		interval->bytes += event->size + event->headers.len;
	} else if (event->kind == WIRE_EVENT_GAP) {
		interval->gaps++;
		interval->gap_messages += event->lost_messages;
	}
	interval->errors += event->kind == WIRE_EVENT_ERROR;
	return 0;
}

void store_intervals_end(struct store_intervals *intervals, const struct store_uptime *uptime)
{
	struct store_interval *total = &intervals->total;
	for (size_t i = 0; i < intervals->len; i++) {
		struct store_interval *interval = &intervals->list[i];
		const struct store_period period = {store_interval_begin(intervals, i),
						    store_interval_begin(intervals, i + 1)};
		interval->up_ns = store_uptime_up(uptime, period);
		interval->down_ns = store_uptime_down(uptime, period);
		total->messages += interval->messages;
		total->bytes += interval->bytes;
		total->errors += interval->errors;
		total->gaps += interval->gaps;
		total->gap_messages += interval->gap_messages;
		total->up_ns += interval->up_ns;
		total->down_ns += interval->down_ns;
	}
}

/* ---- events of a log ---- */

/* The interval of a time, NULL with *error when there is none. Hot: once for every event of a block that is read by rows. */
static struct store_interval *interval_at(struct run *run, int64_t steady_ns, int *error)
{
	struct store_intervals *intervals = run->intervals;
	if (run->at && steady_ns >= run->at_from_ns && steady_ns < run->at_to_ns)
		return run->at;
	uint64_t number = number_of(intervals, steady_ns);
	*error = reach(intervals, number);
	if (*error)
		return NULL;
	run->at = &intervals->list[number];
	run->at_from_ns = store_interval_begin(intervals, number);
	run->at_to_ns = store_interval_begin(intervals, number + 1);
	return run->at;
}

static int64_t steady_of(const struct run *run, uint64_t seq, int64_t time_ns)
{
	return store_steps_steady(&run->steps, seq, time_ns);
}

/* Note a clock step in the interval of its event, which is in the block that the cursor is at. Loads the columns. */
static int note_step(struct run *run, const struct store_step *step, const struct store_block_header *header)
{
	int error = store_segment_reader_load_block(run->cursor.segment, run->cursor.entry,
						    STORE_FRAME_COLUMNS, run->scan.block);
	if (error)
		return error == -ENOMEM ? error : 0;
	uint32_t row = step->at > header->first_seq ? (uint32_t)(step->at - header->first_seq) : 0;
	int64_t time_ns = store_block_time_ns(run->scan.block, row);
	struct store_interval *interval = interval_at(run, steady_of(run, step->at, time_ns), &error);
	if (interval)
		interval->step_ns = store_time_plus(interval->step_ns, step->by_ns);
	return error;
}

/* Note the clock steps of the block that the cursor is at. Those before the first event that passes are in no interval. */
static int note_steps(struct run *run, const struct store_block_header *header)
{
	const struct store_steps *steps = &run->steps;
	int error = 0;
	while (!error && run->next_step < steps->count &&
	       steps->list[run->next_step].at < header->first_seq + header->events) {
		const struct store_step *step = &steps->list[run->next_step++];
		if (run->intervals->has_base)
			error = note_step(run, step, header);
	}
	return error;
}

static const struct wire_client *look_up(void *context, uint64_t conn)
{
	struct run *run = context;
	return store__connection_names_find(&run->names, run->cursor.segment, run->cursor.entry, conn);
}

/* An error, a gap, or an event whose content the filter asks for. True when it passes. */
static bool look_at(struct run *run, uint32_t row, struct wire_event *event, int *error)
{
	store_block_event(run->scan.block, row, event);
	if (run->scan.may_lose && (*error = store__undelivered_apply(run->undelivered, event)) != 0)
		return false;
	return event->kind == WIRE_EVENT_GAP || run->scan.is_decided ||
	       (store__filter_passes_content(run->scan.filter, event, &run->lookup) &&
		!store__filter_drops_repetition(run->scan.filter, event));
}

static int count_row(struct run *run, uint32_t row, bool looks)
{
	const struct store_block *block = run->scan.block;
	enum wire_event_kind kind = store_block_kind(block, row);
	struct wire_event event = {.lost_messages = 0};
	int error = 0;
	if ((looks || (SINGULAR_KINDS & 1 << kind)) && !look_at(run, row, &event, &error))
		return error;
	struct store_interval *interval = interval_at(
	    run, steady_of(run, block->header.first_seq + row, store_block_time_ns(block, row)), &error);
	if (!interval)
		return error;
	if (kind == WIRE_EVENT_MESSAGE) {
		interval->messages++;
		interval->bytes +=
		    store_block_size(block, row) + store__block_number(block, STORE__HEADERS_BYTES, row);
	} else if (kind == WIRE_EVENT_GAP) {
		interval->gaps++;
		interval->gap_messages += event.lost_messages;
	}
	interval->errors += kind == WIRE_EVENT_ERROR;
	return 0;
}

static int count_rows(struct run *run)
{
	struct store__block_scan *scan = &run->scan;
	uint64_t first_seq = store__block_cursor_entry(&run->cursor)->header.first_seq;
	scan->may_lose = run->undelivered && store__undelivered_in(run->undelivered, first_seq) > 0;
	int error = store__block_scan_rows(scan, run->cursor.segment, run->cursor.entry, &run->names);
	bool looks = !scan->is_decided;
	for (uint32_t i = 0; i < scan->count && !error; i++)
		error = count_row(run, scan->rows[i], looks);
	return error;
}

/* ---- whole blocks ---- */

/* Both ends lie in one interval, and so does all between them; and every event passes, but for its subject. */
static bool is_whole(struct run *run, const struct store_block_header *header)
{
	if ((header->kinds & SINGULAR_KINDS) || !store__filter_whole_block(run->scan.filter, header))
		return false;
	uint64_t last_seq = header->first_seq + header->events - 1;
	return number_of(run->intervals, steady_of(run, header->first_seq, header->min_time_ns)) ==
	       number_of(run->intervals, steady_of(run, last_seq, header->max_time_ns));
}

static int count_whole(struct run *run, const struct store_block_header *header, uint64_t messages,
		       uint64_t bytes)
{
	int error = 0;
	struct store_interval *interval =
	    interval_at(run, steady_of(run, header->first_seq, header->min_time_ns), &error);
	if (interval) {
		interval->messages += messages;
		interval->bytes += bytes;
	}
	return error;
}

static int count_subjects(struct run *run, const struct store_block_header *header)
{
	const struct store__block_scan *scan = &run->scan;
	uint64_t messages = 0, bytes = 0;
	for (uint32_t i = 0; i < store_block_subjects(scan->block); i++) {
		const struct store_block_subject *subject = store_block_subject(scan->block, i);
		messages += scan->subjects[i] ? subject->messages : 0;
		bytes += scan->subjects[i] ? subject->payload_bytes : 0;
	}
	return messages > 0 ? count_whole(run, header, messages, bytes) : 0;
}

static int read_block(struct run *run, const struct store_block_header *header)
{
	/* The first event that passes, not the first of its block, begins interval 0. */
	bool is_first = !run->intervals->has_base && store_filter_needs_subjects(run->scan.filter);
	bool whole = !is_first && is_whole(run, header);
	if (whole && !store_filter_needs_subjects(run->scan.filter))
		return count_whole(run, header, header->messages, header->payload_bytes);
	int status = store__block_scan_subjects(&run->scan, run->cursor.segment, run->cursor.entry);
	if (status > 0)
		status = whole ? count_subjects(run, header) : count_rows(run);
	return status;
}

/* ---- the log ---- */

static int count_block(struct run *run)
{
	const struct store_block_header *header = &store__block_cursor_entry(&run->cursor)->header;
	int status = store__filter_block(run->scan.filter, header) ? read_block(run, header) : 0;
	if (status < 0 && status != -ENOMEM && status != -E2BIG) {
		store__block_cursor_give_up(&run->cursor, run->cursor.segment, run->cursor.entry);
		status = 0;
	}
	return status < 0 ? status : note_steps(run, header);
}

static int count_log(struct run *run, struct wire_fault *fault)
{
	int step, error = 0;
	while (!error && (step = store__block_cursor_next(&run->cursor, fault)) != STORE__AT_END) {
		if (step < 0)
			return step;
		if (step == STORE__AT_BLOCK && (error = count_block(run)) == -ENOMEM)
			wire_fault_set(fault, error, "%s: out of memory", run->cursor.path);
	}
	if (error == -E2BIG)
		wire_fault_set(fault, error, "%s: more than %d intervals", run->cursor.path,
			       STORE_INTERVALS_MAX);
	run->intervals->damage = run->cursor.damage;
	return error;
}

/* Time before and after the times of the filter is none in which events could have been counted. */
static void clip(struct run *run)
{
	struct store_period *life = &run->uptime.life;
	int64_t since_ns, until_ns;
	store_filter_period(run->scan.filter, &since_ns, &until_ns);
	if (run->steps.count > 0)
		return;
	life->from_ns = since_ns > life->from_ns ? since_ns : life->from_ns;
	life->to_ns = until_ns < life->to_ns ? until_ns : life->to_ns;
}

/* Receivers of which a later disconnect event says that they did not get the message. 0 or -ENOMEM. */
static int find_undelivered(struct run *run, const char *path)
{
	if (!(store__filter_needs(run->scan.filter) & STORE__NEEDS_RECEIVERS))
		return 0;
	run->undelivered = store__undelivered_open();
	return run->undelivered ? store__undelivered_find(run->undelivered, path, 0) : -ENOMEM;
}

static int read_log(struct run *run, const char *path, const struct store_filter *filter,
		    struct wire_fault *fault)
{
	if (!filter)
		filter = run->everything = store_filter_open();
	if (!filter || store__block_scan_init(&run->scan, filter, false) != 0)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	int error = store__block_cursor_init(&run->cursor, path, false, false, fault);
	run->cursor.progress = run->progress;
	if (!error && find_undelivered(run, path) != 0)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	error = error ? error : store_log_steps_read(&run->steps, &run->uptime, path, fault);
	error = error ? error : count_log(run, fault);
	if (error)
		return error;
	clip(run);
	store_intervals_end(run->intervals, &run->uptime);
	return 0;
}

int store_intervals_read(struct store_intervals *intervals, const char *path,
			 const struct store_filter *filter, struct wire_progress *progress,
			 struct wire_fault *fault)
{
	struct run run = {.intervals = intervals, .progress = progress};
	run.lookup = (struct store_clients_lookup){.find = look_up, .context = &run};
	int error = read_log(&run, path, filter, fault);
	store__block_scan_fini(&run.scan);
	store__connection_names_fini(&run.names);
	store__undelivered_close(run.undelivered);
	store__block_cursor_fini(&run.cursor);
	store_filter_close(run.everything);
	store_steps_fini(&run.steps);
	store_uptime_fini(&run.uptime);
	return error;
}
