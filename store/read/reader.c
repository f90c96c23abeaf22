#include "store/read/reader.h"

#include "store/read/block_scan.h"
#include "store/read/decode_event.h"
#include "store/read/log_steps.h"
#include "store/read/undelivered.h"
#include "store/read/watch.h"

struct store_reader {
	struct wire_source source; /* first: a source is its reader */
	struct store_reader_options options;
	struct store__block_cursor walk;
	struct store__block_scan select;
	uint32_t left; /* rows of the block that are still to be looked at */
	struct store__undelivered *undelivered;
	bool has_undelivered; /* the block has deliveries that never reached their receiver */
	struct store__watch watch;
	struct store_steps steps;     /* when they were asked for */
	uint64_t first_seq, last_seq; /* of the events given out; 0: none was */
};

/* ---- opening ---- */

void store_reader_close(struct store_reader *reader)
{
	if (!reader)
		return;
	store__undelivered_close(reader->undelivered);
	store_steps_fini(&reader->steps);
	store__block_scan_fini(&reader->select);
	store__watch_fini(&reader->watch);
	store__block_cursor_fini(&reader->walk);
	free(reader);
}

/* Behind the last event there is. */
static int find_end(const char *path, uint64_t *seq, struct wire_fault *fault)
{
	struct store__block_cursor back;
	int status = store__block_cursor_init(&back, path, true, false, fault);
	if (status == -ENOENT)
		status = 0; /* it is yet to come */
	else if (status == 0)
		while ((status = store__block_cursor_next(&back, fault)) == STORE__AT_GAP)
			;
	if (status == STORE__AT_BLOCK)
		*seq = store__block_cursor_entry(&back)->header.first_seq +
		       store__block_cursor_entry(&back)->header.events;
	store__block_cursor_fini(&back);
	return status < 0 ? status : 0;
}

/* The number of the last but `last - 1` event that passes the filter. Gaps, which every filter lets pass, count
 * only when they are asked for. */
static int find_last(const char *path, const struct store_reader_options *options, uint64_t *seq,
		     struct wire_fault *fault)
{
	const struct store_reader_options back = {.filter = options->filter, .reverse = true};
	bool counts_gaps = options->filter && store_filter_asks_for_gaps(options->filter);
	struct store_reader *reader;
	struct wire_event event;
	int status = store_reader_open(&reader, path, &back, fault);
	if (status)
		return status == -ENOENT ? 0 : status;
	for (uint64_t wanted = options->last; wanted > 0;) {
		status = store_reader_next(reader, &event, fault);
		if (status <= 0)
			break;
		if (event.kind == WIRE_EVENT_GAP && !counts_gaps)
			continue;
		*seq = event.seq;
		wanted--;
	}
	store_reader_close(reader);
	return status < 0 ? status : 0;
}

/* Following from the end: pass over what was there before. */
static int go_to_end(struct store_reader *reader, const char *path, struct wire_fault *fault)
{
	uint64_t seq = 0;
	int error = find_end(path, &seq, fault);
	if (!error && reader->options.last > 0)
		error = find_last(path, &reader->options, &seq, fault);
	if (!error && seq > 0)
		store__block_cursor_start_at(&reader->walk, seq);
	return error;
}

/* In reverse, disconnect events are met before what their clients never got. */
static int find_undelivered(struct store_reader *reader)
{
	if (reader->options.reverse || !store_filter_passes_kind(reader->select.filter, WIRE_EVENT_MESSAGE))
		return 0;
	return store__undelivered_find(reader->undelivered, reader->walk.path, reader->walk.start_seq);
}

static int out_of_memory(const char *path, struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
}

static int next_of(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	return store_reader_next((struct store_reader *)source, event, fault);
}

static const struct wire_client *client_of(struct wire_source *source, uint64_t conn)
{
	return store_reader_client((struct store_reader *)source, conn);
}

static void damage_of(struct wire_source *source, struct wire_damage *damage)
{
	store_reader_damage((const struct store_reader *)source, damage);
}

static void close_of(struct wire_source *source)
{
	store_reader_close((struct store_reader *)source);
}

static void steps_of(struct wire_source *source, struct wire_steps *steps)
{
	const struct store_reader *reader = (const struct store_reader *)source;
	bool reverse = reader->options.reverse;
	store_steps_between(&reader->steps, reverse ? reader->last_seq : reader->first_seq,
			    reverse ? reader->first_seq : reader->last_seq, steps);
}

static const struct wire_source as_source = {next_of, client_of, damage_of, close_of, steps_of};

struct wire_source *store_reader_source(struct store_reader *reader)
{
	return &reader->source;
}

int store_reader_open(struct store_reader **reader, const char *path,
		      const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_reader *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	opened->source = as_source;
	opened->options = *options;
	opened->options.follow &= !options->reverse;
	store__watch_init(&opened->watch, NULL);
	int error = store__block_scan_init(&opened->select, options->filter, options->payloads);
	opened->undelivered = store__undelivered_open();
	if (error || !opened->undelivered)
		error = out_of_memory(path, fault);
	error = error ? error
		      : store__block_cursor_init(&opened->walk, path, options->reverse,
						 opened->options.follow, fault);
	if (!error && options->steady)
		error = store_log_steps_read(&opened->steps, path, fault);
	if (!error && opened->options.follow && options->from_end)
		error = go_to_end(opened, path, fault);
	if (!error && find_undelivered(opened) != 0)
		error = out_of_memory(path, fault);
	if (error) {
		store_reader_close(opened);
		return error;
	}
	store__watch_init(&opened->watch, opened->walk.path);
	*reader = opened;
	return 0;
}

/* ---- reading ---- */

/* Hot: once for every event. 1, 0 when the block has no more, or -ENOMEM. */
static int next_in_block(struct store_reader *reader, struct wire_event *event)
{
	struct store__block_scan *select = &reader->select;
	while (reader->left > 0) {
		uint32_t at = reader->options.reverse ? reader->left - 1 : select->count - reader->left;
		reader->left--;
		store_block_event(select->block, select->rows[at], event);
		if (event->seq < reader->walk.start_seq ||
		    !store_filter_passes_content(select->filter, event))
			continue;
		int error =
		    reader->has_undelivered ? store__undelivered_apply(reader->undelivered, event) : 0;
		return error ? error : 1;
	}
	return 0;
}

static bool is_wanted(const struct store_reader *reader)
{
	const struct store_block_header *header = &store__block_cursor_entry(&reader->walk)->header;
	return header->first_seq + header->events > reader->walk.start_seq &&
	       store_filter_block(reader->select.filter, header);
}

/* In reverse: learn what the clients whose end was passed never got. 0 or -ENOMEM. */
static int learn_undelivered(struct store_reader *reader, int step)
{
	if (!reader->options.reverse)
		return 0;
	if (step == STORE__AT_BLOCK)
		return store__undelivered_take_block(reader->undelivered, &reader->walk);
	if (step == STORE__AT_GAP)
		store__undelivered_take_gap(reader->undelivered);
	return 0;
}

/* Take up the block the walk is at. STORE__AT_BLOCK, STORE__AT_GAP when it cannot be read, or -ENOMEM with *fault. */
static int take_block(struct store_reader *reader, struct wire_fault *fault)
{
	if (!is_wanted(reader))
		return STORE__AT_BLOCK;
	int status = store__block_scan_subjects(&reader->select, &reader->walk);
	if (status == 0)
		return STORE__AT_BLOCK;
	if (status > 0)
		status = store__block_scan_rows(&reader->select, &reader->walk);
	if (status == -ENOMEM)
		return wire_fault_set(fault, status, "%s: out of memory", reader->walk.segment->path);
	if (status < 0) {
		store__block_cursor_give_up(&reader->walk);
		return STORE__AT_GAP;
	}
	reader->left = reader->select.count;
	reader->has_undelivered =
	    store__undelivered_in(reader->undelivered,
				  store__block_cursor_entry(&reader->walk)->header.first_seq) > 0;
	return STORE__AT_BLOCK;
}

static bool passes_gap(const struct store_reader *reader, const struct wire_event *gap)
{
	return store_filter_passes_kind(reader->select.filter, WIRE_EVENT_GAP) &&
	       store_filter_times(reader->select.filter, gap->from_ns, gap->to_ns);
}

/* On to the next block or gap: STORE__AT_BLOCK, STORE__AT_GAP, STORE__AT_END or a negative code with *fault. */
static int step_on(struct store_reader *reader, struct wire_fault *fault)
{
	int step = store__block_cursor_next(&reader->walk, fault);
	if (learn_undelivered(reader, step) != 0)
		return out_of_memory(reader->walk.path, fault);
	return step == STORE__AT_BLOCK ? take_block(reader, fault) : step;
}

/* The event is given out. */
static int give(struct store_reader *reader, struct wire_event *event)
{
	event->steady_ns = store_steps_steady(&reader->steps, event->seq, event->time_ns);
	if (reader->first_seq == 0)
		reader->first_seq = event->seq;
	reader->last_seq = event->seq;
	return 1;
}

int store_reader_next(struct store_reader *reader, struct wire_event *event, struct wire_fault *fault)
{
	for (;;) {
		int status = next_in_block(reader, event);
		if (status != 0)
			return status > 0 ? give(reader, event) : out_of_memory(reader->walk.path, fault);
		int step = step_on(reader, fault);
		if (step == STORE__AT_END || step < 0)
			return step;
		if (step == STORE__AT_GAP && passes_gap(reader, &reader->walk.gap)) {
			*event = reader->walk.gap;
			return give(reader, event);
		}
	}
}

const struct wire_client *store_reader_client(struct store_reader *reader, uint64_t conn)
{
	return store__connection_names_find(&reader->select.roster, &reader->walk, conn);
}

void store_reader_damage(const struct store_reader *reader, struct wire_damage *damage)
{
	*damage = reader->walk.damage;
}

/* ---- following ---- */

struct store__watch *store__reader_watch(struct store_reader *reader)
{
	return &reader->watch;
}

int store_reader_wait(struct store_reader *reader, int timeout_ms)
{
	struct store__watch *watch = &reader->watch;
	return store__watch_wait(&watch, 1, timeout_ms);
}
