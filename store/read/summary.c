#include "store/read/summary.h"

#include "store/format/block.h"
#include "store/read/block_scan.h"
#include "store/read/decode_event.h"
#include "store/read/log_steps.h"
#include "store/read/subject_counts.h"
#include "store/read/undelivered.h"

/* Kinds of events that are looked at one by one, even when their whole block passes. */
enum {
	SINGULAR_KINDS = 1 << WIRE_EVENT_CONNECT | 1 << WIRE_EVENT_GAP | 1 << WIRE_EVENT_ERROR,
	/* In these blocks the clock may have been set: their earliest and latest times are not the first and the last. */
	STEP_KINDS = 1 << WIRE_EVENT_MARK,
};

/* Messages of one subject in the block. */
struct count {
	uint64_t messages, bytes;
};

struct run {
	struct store_summary *summary;
	struct store__block_cursor cursor;
	struct store__block_scan scan;
	struct store_filter *everything; /* owned: stands in for no filter */
	struct store__connection_names names;
	struct store_clients_lookup lookup; /* in names */
	struct store__subject_counts subject_counts;
	struct store__undelivered *undelivered;
	uint64_t undelivered_here; /* deliveries of the block that never reached their receiver */
	struct store_steps steps;
	struct store_uptime uptime;
	int64_t first_ns, last_ns; /* steady: of events */
	bool clients;
	bool is_content_enough; /* the filter asks for no columns but for headers and payloads */
	struct wire_event
	    content; /* of a message: numbers, subject, headers and payload; nothing else is ever set */
	struct wire_progress *progress; /* borrowed */
	struct store__buffer counts;    /* struct count, by subject of the block, and one for no subject */
	struct store__buffer sets; /* uint32_t, by set of receivers of the block: messages that went to it */
};

/* ---- single events ---- */

static const struct wire_client *look_up(void *context, uint64_t conn)
{
	struct run *run = context;
	return store__connection_names_find(&run->names, run->cursor.segment, run->cursor.entry, conn);
}

/* Find or add a connection's entry, with the description that the segment has of it. */
static int find_client(struct run *run, uint64_t conn, struct store_summary_client **client)
{
	bool is_new;
	int error = store__subject_counts_client(&run->subject_counts, conn, client, &is_new);
	if (error || !is_new)
		return error;
	const struct wire_client *known =
	    store__connection_names_find(&run->names, run->cursor.segment, run->cursor.entry, conn);
	return known ? store__subject_counts_describe(&run->subject_counts, *client, known) : 0;
}

/* A connect event counts once for its connection, whether it is a repetition or not. */
static int count_connect(struct run *run, const struct wire_event *event)
{
	struct store_summary_client *client;
	int error = find_client(run, event->conn, &client);
	if (error)
		return error;
	if (!client) /* the list is full; new connections have new numbers */
		run->summary->connections += !(event->flags & WIRE_EVENT_REPEATED);
	else if (!client->has_connected)
		run->summary->connections++;
	if (!client)
		return 0;
	client->has_connected = true;
	return store__subject_counts_describe(&run->subject_counts, client, event->client);
}

/* Look at an event of a rare kind, or for a filter that needs the event itself. *passes: whether it passes. */
static int look_at(struct run *run, uint32_t row, bool *passes)
{
	struct wire_event event;
	int error = 0;
	store_block_event(run->scan.block, row, &event);
	if (run->undelivered_here > 0 && (error = store__undelivered_apply(run->undelivered, &event)) != 0)
		return error;
	bool holds =
	    run->scan.is_decided || store__filter_passes_content(run->scan.filter, &event, &run->lookup);
	*passes = holds && !store__filter_drops_repetition(run->scan.filter, &event);
	if (event.kind == WIRE_EVENT_CONNECT && holds) {
		error = count_connect(run, &event);
	} else if (event.kind == WIRE_EVENT_GAP) {
		run->summary->gaps++;
		run->summary->gap_messages += event.lost_messages;
	} else if (event.kind == WIRE_EVENT_ERROR) {
		run->summary->errors += *passes;
	}
	return error;
}

/* ---- rows of a block ---- */

static struct count *count_of(struct run *run, uint32_t subject)
{
	uint32_t subjects = store_block_subjects(run->scan.block);
	return (struct count *)(void *)run->counts.bytes + (subject < subjects ? subject : subjects);
}

static uint32_t *sets_of(struct run *run)
{
	return (uint32_t *)(void *)run->sets.bytes;
}

static int count_received(struct run *run, uint64_t conn, uint64_t deliveries)
{
	struct store_summary_client *client;
	int error = find_client(run, conn, &client);
	if (!error && client)
		client->deliveries += deliveries;
	return error;
}

static int count_doing(struct run *run, uint32_t row, uint64_t messages, uint64_t bytes, uint64_t deliveries)
{
	struct store_summary_client *client;
	int error = run->clients ? find_client(run, store_block_conn(run->scan.block, row), &client) : 0;
	if (error || !run->clients || !client)
		return error;
	client->messages += messages;
	client->bytes += bytes;
	client->deliveries += deliveries;
	return 0;
}

/* Count the receivers of a message of a block with deliveries that never reached their receiver. */
static int count_arrivals(struct run *run, uint32_t row)
{
	struct wire_event event;
	store_block_event(run->scan.block, row, &event);
	int error = store__undelivered_apply(run->undelivered, &event);
	run->summary->deliveries += event.receiver_count;
	for (uint32_t i = 0; i < event.receivers_len && run->clients && !error; i++)
		if (event.receivers[i].outcome == WIRE_SENT)
			error = count_received(run, event.receivers[i].conn, 1);
	return error;
}

/* Count who got a message. Clients are counted set by set, at the end of the block. */
static int count_receivers(struct run *run, uint32_t row)
{
	const struct store_block *block = run->scan.block;
	uint64_t set = store__block_number(block, STORE__RECEIVERS, row);
	if (set == 0)
		run->summary->deliveries += store__block_number(block, STORE__RECEIVER_COUNT, row);
	if (set == 0)
		return 0;
	if (run->undelivered_here > 0)
		return count_arrivals(run, row);
	run->summary->deliveries += store__block_span(block, (uint32_t)set - 1)->sent;
	sets_of(run)[set - 1]++;
	return 0;
}

/* Hot: once for every message of a block that passes in part. */
static int count_message(struct run *run, uint32_t row)
{
	const struct store_block *block = run->scan.block;
	struct count *count = count_of(run, store_block_subject_of(block, row));
	uint64_t bytes = store_block_size(block, row) + store__block_number(block, STORE__HEADERS_BYTES, row);
	count->messages++;
	count->bytes += bytes;
	uint32_t flags = (uint32_t)store__block_number(block, STORE__FLAGS, row);
	store__summary_flags(run->summary, flags);
	int error = count_receivers(run, row);
	return error || (flags & WIRE_EVENT_PUBLISHER_UNKNOWN) ? error : count_doing(run, row, 1, bytes, 0);
}

static int count_delivery(struct run *run, uint32_t row)
{
	struct wire_event event;
	store_block_event(run->scan.block, row, &event);
	bool is_sent = event.outcome == WIRE_SENT;
	run->summary->deliveries += is_sent;
	return count_doing(run, row, 0, 0, is_sent);
}

static void widen(struct run *run, uint64_t seq, int64_t time_ns)
{
	struct store_summary *summary = run->summary;
	bool is_first = summary->events == 0;
	int64_t steady_ns = store_steps_steady(&run->steps, seq, time_ns);
	if (is_first || steady_ns < run->first_ns) {
		run->first_ns = steady_ns;
		summary->first_time_ns = time_ns;
	}
	if (is_first || steady_ns > run->last_ns) {
		run->last_ns = steady_ns;
		summary->last_time_ns = time_ns;
	}
	if (is_first)
		summary->first_seq = seq;
	summary->last_seq = seq;
}

/* A message whose content alone decides, for regular expressions. Hot: for each message that --grep looks at; receivers, reply and
 * details are not put together. */
static bool passes_by_content(struct run *run, uint32_t row)
{
	struct wire_event *event = &run->content;
	store_block_numbers(run->scan.block, row, event);
	store_block_content(run->scan.block, event);
	return store__filter_passes_content(run->scan.filter, event, &run->lookup) &&
	       !store__filter_drops_repetition(run->scan.filter, event);
}

static int count_row(struct run *run, uint32_t row, bool looks)
{
	const struct store_block *block = run->scan.block;
	enum wire_event_kind kind = store_block_kind(block, row);
	bool passes = true;
	int error = 0;
	if (looks && kind == WIRE_EVENT_MESSAGE && run->is_content_enough)
		passes = passes_by_content(run, row);
	else if (looks || (SINGULAR_KINDS & 1 << kind))
		error = look_at(run, row, &passes);
	if (error || !passes)
		return error;
	widen(run, block->header.first_seq + row, store_block_time_ns(block, row));
	run->summary->events++;
	if (kind == WIRE_EVENT_MESSAGE)
		return count_message(run, row);
	return kind == WIRE_EVENT_DELIVERY ? count_delivery(run, row) : 0;
}

static int reserve_zeroed(struct store__buffer *buffer, size_t len)
{
	buffer->len = 0;
	if (store__buffer_reserve(buffer, len + 1))
		return -ENOMEM;
	memset(buffer->bytes, 0, len);
	return 0;
}

static uint32_t sets_in(const struct store_block *block)
{
	return block->columns[STORE__SET_LENGTH].count;
}

/* Count the messages of each set for each of its receivers. */
static int fold_sets(struct run *run)
{
	const struct store_block *block = run->scan.block;
	for (uint32_t i = 0; i < sets_in(block); i++) {
		const struct store__span *span = store__block_span(block, i);
		for (uint32_t j = 0; j < span->count && sets_of(run)[i] > 0; j++) {
			const struct wire_receiver *receiver = store__block_receiver(block, span->offset + j);
			int error = receiver->outcome == WIRE_SENT
					? count_received(run, receiver->conn, sets_of(run)[i])
					: 0;
			if (error)
				return error;
		}
	}
	return 0;
}

static int fold_counts(struct run *run)
{
	uint32_t subjects = store_block_subjects(run->scan.block);
	for (uint32_t i = 0; i <= subjects; i++) {
		const struct count *count = count_of(run, i);
		run->summary->messages += count->messages;
		run->summary->bytes += count->bytes;
		if (i == subjects || count->messages == 0)
			continue;
		int error = store__subject_counts_add(&run->subject_counts,
						      store_block_subject(run->scan.block, i)->subject,
						      count->messages, count->bytes);
		if (error)
			return error;
	}
	return 0;
}

static int count_rows(struct run *run)
{
	struct store__block_scan *scan = &run->scan;
	scan->may_lose = run->undelivered_here > 0;
	int error = store__block_scan_rows(scan, run->cursor.segment, run->cursor.entry, &run->names);
	if (error)
		return error;
	bool looks = !scan->is_decided;
	run->is_content_enough =
	    store_block_has_payloads(scan->block) && !store__filter_asks_columns(scan->filter);
	size_t counts_len = (store_block_subjects(scan->block) + 1) * sizeof(struct count);
	if (reserve_zeroed(&run->counts, counts_len) ||
	    reserve_zeroed(&run->sets, sets_in(scan->block) * sizeof(uint32_t)))
		return -ENOMEM;
	for (uint32_t i = 0; i < scan->count && !error; i++)
		error = count_row(run, scan->rows[i], looks);
	error = error ? error : fold_counts(run);
	return error || !run->clients ? error : fold_sets(run);
}

/* ---- whole blocks ---- */

/* Every event passes, and header and dictionary have all that is needed. */
static bool is_whole(const struct run *run, const struct store_block_header *header)
{
	return run->scan.all_subjects && !run->clients && !(header->kinds & (SINGULAR_KINDS | STEP_KINDS)) &&
	       store__filter_whole_block(run->scan.filter, header);
}

static int count_whole(struct run *run, const struct store_block_header *header)
{
	struct store_summary *summary = run->summary;
	widen(run, header->first_seq, header->min_time_ns);
	summary->events += header->events;
	widen(run, header->first_seq + header->events - 1, header->max_time_ns);
	summary->messages += header->messages;
	summary->bytes += header->payload_bytes;
	summary->deliveries += header->deliveries - run->undelivered_here;
	for (uint32_t i = 0; i < store_block_subjects(run->scan.block); i++) {
		const struct store_block_subject *subject = store_block_subject(run->scan.block, i);
		summary->unknown_receivers += subject->unknown_receivers;
		summary->unknown_publishers += subject->unknown_publishers;
		summary->masked_messages += subject->masked;
		int error = subject->messages > 0
				? store__subject_counts_add(&run->subject_counts, subject->subject,
							    subject->messages, subject->payload_bytes)
				: 0;
		if (error)
			return error;
	}
	return 0;
}

/* ---- the log ---- */

static int count_block(struct run *run)
{
	const struct store_block_header *header = &store__block_cursor_entry(&run->cursor)->header;
	run->summary->blocks++;
	for (int i = 0; i < STORE_FRAMES; i++)
		run->summary->raw_bytes += header->frames[i].raw_bytes;
	if (!store__filter_block(run->scan.filter, header))
		return 0;
	run->undelivered_here = store__undelivered_in(run->undelivered, header->first_seq);
	int status = store__block_scan_subjects(&run->scan, run->cursor.segment, run->cursor.entry);
	if (status > 0)
		status = is_whole(run, header) ? count_whole(run, header) : count_rows(run);
	if (status == -ENOMEM || status >= 0)
		return status;
	store__block_cursor_give_up(&run->cursor, run->cursor.segment, run->cursor.entry);
	return 0;
}

static int count_log(struct run *run, struct wire_fault *fault)
{
	int step, error = 0;
	for (size_t i = 0; i < run->cursor.segments.count; i++)
		run->summary->log_bytes += run->cursor.segments.list[i].bytes;
	run->summary->segments = run->cursor.segments.count;
	while (!error && (step = store__block_cursor_next(&run->cursor, fault)) != STORE__AT_END) {
		if (step < 0)
			return step;
		if (step == STORE__AT_BLOCK && (error = count_block(run)) != 0)
			wire_fault_set(fault, error, "%s: out of memory", run->cursor.path);
	}
	run->summary->damaged_blocks = run->cursor.damage.places;
	run->summary->deleted_places = run->cursor.damage.deleted_places;
	run->summary->deleted_events = run->cursor.damage.deleted_events;
	return error;
}

/* The list was needed only to count distinct connections. */
static void drop_clients(struct store_summary *summary)
{
	for (size_t i = 0; i < summary->clients_len; i++)
		free(summary->clients[i].texts);
	free(summary->clients);
	summary->clients = NULL;
	summary->clients_len = 0;
}

static int sum_up(struct run *run, const char *path, const struct store_summary_options *options,
		  struct wire_fault *fault)
{
	const struct store_filter *filter = options->filter;
	if (!filter)
		filter = run->everything = store_filter_open();
	int error = filter ? store__block_scan_init(&run->scan, filter, false) : -ENOMEM;
	error =
	    error ? error : store__subject_counts_init(&run->subject_counts, run->summary, options->naming);
	run->undelivered = store__undelivered_open();
	if (error || !run->undelivered)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	error = store__block_cursor_init(&run->cursor, path, false, false, fault);
	run->cursor.progress = run->progress;
	if (!error && store__undelivered_find(run->undelivered, path, 0) != 0)
		error = wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	error = error ? error : store_log_steps_read(&run->steps, &run->uptime, path, fault);
	error = error ? error : count_log(run, fault);
	if (error)
		return error;
	store__subject_counts_sort(&run->subject_counts);
	run->summary->span_ns = store_time_minus(run->last_ns, run->first_ns);
	run->summary->down_ns =
	    store_uptime_down(&run->uptime, (struct store_period){run->first_ns, run->last_ns});
	store_steps_between(&run->steps, run->summary->first_seq, run->summary->last_seq,
			    &run->summary->steps);
	return error;
}

int store_summary_read(struct store_summary *summary, const char *path,
		       const struct store_summary_options *options, struct wire_fault *fault)
{
	struct run run = {.summary = summary, .clients = options->clients, .progress = options->progress};
	run.lookup = (struct store_clients_lookup){.find = look_up, .context = &run};
	*summary = (struct store_summary){0};
	int error = sum_up(&run, path, options, fault);
	store__block_scan_fini(&run.scan);
	store__connection_names_fini(&run.names);
	store_filter_close(run.everything);
	store__undelivered_close(run.undelivered);
	store__subject_counts_fini(&run.subject_counts);
	store__block_cursor_fini(&run.cursor);
	store_steps_fini(&run.steps);
	store_uptime_fini(&run.uptime);
	store__buffer_fini(&run.counts);
	store__buffer_fini(&run.sets);
	if (error)
		store_summary_fini(summary);
	else if (!options->clients)
		drop_clients(summary);
	return error;
}

void store_summary_fini(struct store_summary *summary)
{
	store_groups_fini(&summary->subjects);
	drop_clients(summary);
	*summary = (struct store_summary){0};
}
