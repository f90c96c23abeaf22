#include "store/read/reader.h"

#include "store/read/decode_event.h"
#include "store/read/log_steps.h"
#include "store/read/reorder.h"
#include "store/read/undelivered.h"
#include "store/read/watch.h"

struct store_reader {
	struct wire_source source; /* first: a source is its reader */
	struct store_reader_options options;
	struct store_filter *everything; /* owned: stands in for no filter */
	const struct store_filter *filter;
	struct store__block_cursor cursor;
	struct store__window window;
	struct store__undelivered *undelivered;
	struct store__watch watch;
	struct store_steps steps;            /* when they were asked for */
	uint64_t first_seq, last_seq;        /* smallest and largest of the events given out; 0: none was */
	struct store_clients_lookup clients; /* of the event that is looked at */
};

/* ---- opening ---- */

void store_reader_close(struct store_reader *reader)
{
	if (!reader)
		return;
	store__undelivered_close(reader->undelivered);
	store_steps_fini(&reader->steps);
	store__window_fini(&reader->window);
	store__watch_fini(&reader->watch);
	store__block_cursor_fini(&reader->cursor);
	store_filter_close(reader->everything);
	free(reader);
}

/* The number after the last event of the log. */
static int find_end(const char *path, uint64_t *seq, struct wire_fault *fault)
{
	struct store__block_cursor back;
	int status = store__block_cursor_init(&back, path, true, false, fault);
	if (status == -ENOENT)
		status = 0; /* it does not exist yet */
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
	const struct store_filter *filter = options->last_of ? options->last_of : options->filter;
	const struct store_reader_options back = {.filter = filter, .reverse = true};
	bool counts_gaps = filter && store_filter_asks_for_gaps(filter);
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

/* Following from the end: skip the events that are there already. */
static int go_to_end(struct store_reader *reader, const char *path, struct wire_fault *fault)
{
	uint64_t seq = 0;
	int error = find_end(path, &seq, fault);
	if (!error && reader->options.last > 0)
		error = find_last(path, &reader->options, &seq, fault);
	if (!error && seq > 0)
		store__block_cursor_start_at(&reader->cursor, seq);
	return error;
}

/* In reverse, a disconnect event comes before the messages that its client never got. */
static int find_undelivered(struct store_reader *reader)
{
	if (reader->options.reverse || !store_filter_passes_kind(reader->filter, WIRE_EVENT_MESSAGE))
		return 0;
	return store__undelivered_find(reader->undelivered, reader->cursor.path, reader->cursor.start_seq);
}

static int out_of_memory(const char *path, struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
}

static int next_of(struct wire_source *source, struct wire_event *event, struct wire_fault *fault)
{
	return store_reader_next((struct store_reader *)source, event, fault);
}

static const struct wire_client *find_client(void *context, uint64_t conn)
{
	return store_reader_client(context, conn);
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
	store_steps_between(&reader->steps, reader->first_seq, reader->last_seq, steps);
}

static int content_of(struct wire_source *source, struct wire_event *event)
{
	return store_reader_content((struct store_reader *)source, event);
}

static const struct wire_source as_source = {.next = next_of,
					     .client = client_of,
					     .damage = damage_of,
					     .close = close_of,
					     .steps = steps_of,
					     .content = content_of};

struct wire_source *store_reader_source(struct store_reader *reader)
{
	return &reader->source;
}

static void open_window(struct store_reader *reader)
{
	const struct store__window_options options = {.in_time_order = reader->options.in_time_order,
						      .reverse = reader->options.reverse,
						      .payloads = reader->options.payloads,
						      .filter = reader->filter,
						      .undelivered = reader->undelivered};
	store__window_init(&reader->window, &reader->cursor, &options);
}

/* Find out where to begin, and what has to be known before. 0 or a negative code with *fault. */
static int begin(struct store_reader *reader, const char *path, struct wire_fault *fault)
{
	const struct store_reader_options *options = &reader->options;
	reader->filter = options->filter;
	if (!reader->filter)
		reader->filter = reader->everything = store_filter_open();
	reader->undelivered = store__undelivered_open();
	if (!reader->filter || !reader->undelivered)
		return out_of_memory(path, fault);
	int error = store__block_cursor_init(&reader->cursor, path, options->reverse, options->follow, fault);
	reader->cursor.progress = options->progress;
	if (!error && options->steady)
		error = store_log_steps_read(&reader->steps, NULL, path, fault);
	if (!error && options->follow && options->from_end)
		error = go_to_end(reader, path, fault);
	if (!error && find_undelivered(reader) != 0)
		error = out_of_memory(path, fault);
	return error;
}

int store_reader_open(struct store_reader **reader, const char *path,
		      const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_reader *opened = calloc(1, sizeof *opened);
	if (!opened)
		return out_of_memory(path, fault);
	opened->source = as_source;
	opened->clients = (struct store_clients_lookup){.find = find_client, .context = opened};
	opened->options = *options;
	opened->options.follow &= !options->reverse;
	store__watch_init(&opened->watch, NULL);
	int error = begin(opened, path, fault);
	open_window(opened);
	if (error) {
		store_reader_close(opened);
		return error;
	}
	store__watch_init(&opened->watch, opened->cursor.path);
	*reader = opened;
	return 0;
}

/* ---- reading ---- */

static bool passes_gap(const struct store_reader *reader, const struct wire_event *gap)
{
	return store_filter_passes_kind(reader->filter, WIRE_EVENT_GAP) &&
	       store_filter_times(reader->filter, gap->from_ns, gap->to_ns) &&
	       (gap->from_seq == 0 || store__filter_seqs(reader->filter, gap->from_seq, gap->to_seq));
}

static bool passes(const struct store_reader *reader, const struct wire_event *event)
{
	const struct store__window_block *given = store__window_given(&reader->window);
	if (given->is_gap)
		return passes_gap(reader, event);
	return event->seq >= reader->cursor.start_seq &&
	       !store__filter_drops_repetition(reader->filter, event) &&
	       (given->scan.is_decided ||
		store__filter_passes_content(reader->filter, event, &reader->clients));
}

static void note_seq(struct store_reader *reader, uint64_t seq)
{
	if (seq < reader->first_seq || reader->first_seq == 0)
		reader->first_seq = seq;
	if (seq > reader->last_seq)
		reader->last_seq = seq;
}

/* Hot: once for every event. */
int store_reader_next(struct store_reader *reader, struct wire_event *event, struct wire_fault *fault)
{
	int status;
	do {
		status = store__window_next(&reader->window, event, fault);
		if (status <= 0)
			return status;
		if (store__window_given(&reader->window)->has_undelivered &&
		    store__undelivered_apply(reader->undelivered, event) != 0)
			return out_of_memory(reader->cursor.path, fault);
	} while (!passes(reader, event));
	event->steady_ns = store_steps_steady(&reader->steps, event->seq, event->time_ns);
	note_seq(reader, event->seq);
	return 1;
}

const struct wire_client *store_reader_client(struct store_reader *reader, uint64_t conn)
{
	const struct store__window_block *given = store__window_given(&reader->window);
	return given ? store__connection_names_find(&reader->window.names, given->place.segment,
						    given->place.entry, conn)
		     : NULL;
}

int store_reader_content(struct store_reader *reader, struct wire_event *event)
{
	return store__window_content(&reader->window, event);
}

void store_reader_damage(const struct store_reader *reader, struct wire_damage *damage)
{
	*damage = reader->cursor.damage;
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
