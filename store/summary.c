#include "store/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "store/clients.h"
#include "store/log.h"
#include "store/segment.h"
#include "store/table.h"

/* A run over the segments of one log. */
struct run {
	struct store_summary *summary;
	const struct store_filter *filter;
	bool is_plain; /* everything passes: headers and dictionaries are enough */
	bool wants_clients;
	struct store_block *block;
	struct store__table subjects; /* by hash of the text, to summary->subjects */
	size_t subjects_cap;
	struct store__table client_table; /* by conn, to summary->clients */
	size_t clients_cap;
	struct store_clients known;      /* of the segment, for the filter and the table */
	struct store__table connections; /* distinct numbers seen */
	uint64_t edge;                   /* next sequence number, 0 = unknown */
};

/* ---- tables ---- */

static struct wire_slice copy_text(struct wire_slice text)
{
	char *copy = malloc(text.len + 1);
	if (copy && text.len > 0)
		memcpy(copy, text.data, text.len);
	return wire_slice(copy, text.len);
}

static struct store_summary_subject *find_subject(struct run *run, struct wire_slice subject)
{
	struct store_summary *summary = run->summary;
	uint64_t hash = XXH3_64bits(subject.data, subject.len);
	uint32_t probe = 0, index;
	while (store__table_next(&run->subjects, hash, &probe, &index))
		if (wire_slice_equal(summary->subjects[index].subject, subject))
			return &summary->subjects[index];
	if (summary->subjects_len == run->subjects_cap) {
		size_t cap = run->subjects_cap ? run->subjects_cap * 2 : 256;
		void *list = realloc(summary->subjects, cap * sizeof *summary->subjects);
		if (!list)
			return NULL;
		summary->subjects = list;
		run->subjects_cap = cap;
	}
	struct wire_slice copy = copy_text(subject);
	if (!copy.data || store__table_reserve(&run->subjects, 1) != 0) {
		free((char *)(uintptr_t)copy.data);
		return NULL;
	}
	store__table_add(&run->subjects, hash, (uint32_t)summary->subjects_len);
	struct store_summary_subject *added = &summary->subjects[summary->subjects_len++];
	*added = (struct store_summary_subject){.subject = copy};
	return added;
}

static uint64_t hash_conn(uint64_t conn)
{
	return XXH3_64bits(&conn, sizeof conn);
}

static struct store_summary_client *find_client(struct run *run, uint64_t conn)
{
	struct store_summary *summary = run->summary;
	uint32_t probe = 0, index;
	while (store__table_next(&run->client_table, hash_conn(conn), &probe, &index))
		if (summary->clients[index].conn == conn)
			return &summary->clients[index];
	if (summary->clients_len == run->clients_cap) {
		size_t cap = run->clients_cap ? run->clients_cap * 2 : 256;
		void *list = realloc(summary->clients, cap * sizeof *summary->clients);
		if (!list)
			return NULL;
		summary->clients = list;
		run->clients_cap = cap;
	}
	if (store__table_reserve(&run->client_table, 1) != 0)
		return NULL;
	store__table_add(&run->client_table, hash_conn(conn), (uint32_t)summary->clients_len);
	struct store_summary_client *added = &summary->clients[summary->clients_len++];
	*added = (struct store_summary_client){.conn = conn};
	return added;
}

/* Keep what a connect event tells; the first word stands. */
static int describe_client(struct run *run, uint64_t conn, const struct wire_client *client)
{
	struct store_summary_client *entry = find_client(run, conn);
	if (!entry)
		return -ENOMEM;
	if (entry->client.address.data)
		return 0;
	entry->client = (struct wire_client){.address = copy_text(client->address),
					     .name = copy_text(client->name),
					     .lang = copy_text(client->lang),
					     .version = copy_text(client->version),
					     .user = copy_text(client->user)};
	return entry->client.user.data ? 0 : -ENOMEM;
}

/* ---- events ---- */

static int count_connection(struct run *run, const struct wire_event *event)
{
	uint32_t probe = 0, index;
	uint64_t hash = hash_conn(event->conn);
	if (run->wants_clients && describe_client(run, event->conn, event->client) != 0)
		return -ENOMEM;
	if (store__table_next(&run->connections, hash, &probe, &index))
		return 0;
	if (store__table_reserve(&run->connections, 1) != 0)
		return -ENOMEM;
	store__table_add(&run->connections, hash, 0);
	run->summary->connections++;
	return 0;
}

static int count_rare(struct run *run, const struct wire_event *event)
{
	struct store_summary *summary = run->summary;
	switch (event->kind) {
	case WIRE_EVENT_CONNECT: return count_connection(run, event);
	case WIRE_EVENT_GAP:
		summary->gaps++;
		summary->gap_messages += event->lost_messages;
		return 0;
	case WIRE_EVENT_ERROR: summary->errors++; return 0;
	default: return 0;
	}
}

static void count_time(struct store_summary *summary, int64_t min_ns, int64_t max_ns)
{
	if (summary->first_time_ns == 0 || min_ns < summary->first_time_ns)
		summary->first_time_ns = min_ns;
	if (summary->last_time_ns == 0 || max_ns > summary->last_time_ns)
		summary->last_time_ns = max_ns;
}

static int count_traffic(struct run *run, const struct wire_event *event)
{
	struct store_summary_client *publisher = find_client(run, event->conn);
	if (!publisher)
		return -ENOMEM;
	publisher->messages++;
	publisher->bytes += event->size + event->headers.len;
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		struct store_summary_client *receiver = find_client(run, event->receivers[i].conn);
		if (!receiver)
			return -ENOMEM;
		receiver->deliveries += event->receivers[i].outcome == WIRE_SENT;
	}
	return 0;
}

static int count_message(struct run *run, const struct wire_event *event)
{
	struct store_summary *summary = run->summary;
	struct store_summary_subject *subject = find_subject(run, event->subject);
	if (!subject)
		return -ENOMEM;
	uint64_t bytes = event->size + event->headers.len;
	subject->messages++;
	subject->bytes += bytes;
	summary->messages++;
	summary->payload_bytes += bytes;
	summary->deliveries += event->receiver_count;
	return run->wants_clients ? count_traffic(run, event) : 0;
}

static int count_event(struct run *run, const struct wire_event *event)
{
	struct store_summary *summary = run->summary;
	summary->events++;
	count_time(summary, event->time_ns, event->time_ns);
	if (event->kind == WIRE_EVENT_MESSAGE)
		return count_message(run, event);
	summary->deliveries += event->kind == WIRE_EVENT_DELIVERY && event->outcome == WIRE_SENT;
	return count_rare(run, event);
}

/* ---- blocks ---- */

enum { RARE = 1u << WIRE_EVENT_CONNECT | 1u << WIRE_EVENT_GAP | 1u << WIRE_EVENT_ERROR };

/* Everything passes: the header and the dictionary know the sums. */
static int count_dictionary(struct run *run, const struct store_block_header *header)
{
	struct store_summary *summary = run->summary;
	summary->events += header->events;
	summary->messages += header->messages;
	summary->payload_bytes += header->payload_bytes;
	summary->deliveries += header->deliveries;
	count_time(summary, header->min_time_ns, header->max_time_ns);
	for (uint32_t i = 0; i < store_block_subjects(run->block); i++) {
		const struct store_block_subject *found = store_block_subject(run->block, i);
		if (found->messages == 0)
			continue;
		struct store_summary_subject *subject = find_subject(run, found->subject);
		if (!subject)
			return -ENOMEM;
		subject->messages += found->messages;
		subject->bytes += found->payload_bytes;
	}
	return 0;
}

static int count_rare_events(struct run *run, const struct store_block_header *header)
{
	struct wire_event event;
	int error = 0;
	for (uint32_t i = 0; i < header->events && !error; i++) {
		if (!(RARE & 1u << store_block_kind(run->block, i)))
			continue;
		store_block_event(run->block, i, &event);
		error = count_rare(run, &event);
	}
	return error;
}

static int count_passing(struct run *run, const struct store_block_header *header)
{
	struct wire_event event;
	int error = 0;
	for (uint32_t i = 0; i < header->events && !error; i++) {
		store_block_event(run->block, i, &event);
		if (event.kind == WIRE_EVENT_CONNECT)
			error = store_clients_put(&run->known, event.conn, event.client);
		const struct wire_client *client = store_clients_find(&run->known, event.conn);
		if (!error && (!run->filter || store_filter_event(run->filter, &event, client)))
			error = count_event(run, &event);
	}
	return error;
}

static int count_block(struct run *run, struct store_segment *segment, size_t entry)
{
	const struct store_block_header *header = &segment->index.entries[entry].header;
	bool needs_payloads = run->filter && store_filter_needs_payloads(run->filter);
	bool is_interesting = !run->filter || store_filter_block(run->filter, header) ||
			      header->kinds & 1u << WIRE_EVENT_CONNECT;
	if (!is_interesting)
		return 0;
	bool needs_columns = !run->is_plain || header->kinds & RARE;
	enum store_frame last = needs_payloads  ? STORE_FRAME_PAYLOADS
				: needs_columns ? STORE_FRAME_COLUMNS
						: STORE_FRAME_DICTIONARY;
	int error = store_segment_load_block(segment, entry, last, run->block);
	if (error || !run->is_plain)
		return error ? error : count_passing(run, header);
	error = count_dictionary(run, header);
	return error || !needs_columns ? error : count_rare_events(run, header);
}

/* ---- segments ---- */

static void count_place(struct run *run, const struct store_segment *segment, size_t entry)
{
	struct store_summary *summary = run->summary;
	const struct store_block_header *header = &segment->index.entries[entry].header;
	summary->blocks++;
	for (int i = 0; i < STORE_FRAMES; i++)
		summary->raw_bytes += header->frames[i].raw_bytes;
	if (summary->first_seq == 0)
		summary->first_seq = header->first_seq;
	summary->last_seq = header->first_seq + header->events - 1;
	if (run->edge > 0 && header->first_seq > run->edge)
		summary->damaged_blocks++;
	run->edge = summary->last_seq + 1;
}

static int count_segment(struct run *run, const char *path, struct wire_fault *fault)
{
	struct store_segment *segment;
	int error = store_segment_open(&segment, path, fault);
	if (error)
		return error == -ENOENT ? 0 : error; /* retention took it */
	run->summary->segments++;
	run->summary->log_bytes += segment->file_bytes;
	for (size_t i = 0; i < segment->index.count && !error; i++) {
		count_place(run, segment, i);
		error = count_block(run, segment, i);
		if (error == STORE_EDAMAGE) {
			run->summary->damaged_blocks++;
			error = 0;
		}
	}
	store_segment_close(segment);
	store_clients_fini(&run->known);
	return error ? wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error)) : 0;
}

static int compare_subjects(const void *a, const void *b)
{
	const struct store_summary_subject *x = a, *y = b;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	size_t len = x->subject.len < y->subject.len ? x->subject.len : y->subject.len;
	int order = memcmp(x->subject.data, y->subject.data, len);
	return order ? order : (x->subject.len > y->subject.len) - (x->subject.len < y->subject.len);
}

static int compare_clients(const void *a, const void *b)
{
	const struct store_summary_client *x = a, *y = b;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return (x->conn > y->conn) - (x->conn < y->conn);
}

static int count_log(struct run *run, const char *path, struct wire_fault *fault)
{
	struct store_log_segments segments;
	int error = store_log_list(&segments, path, fault);
	for (size_t i = 0; !error && i < segments.count; i++)
		error = count_segment(run, segments.list[i].path, fault);
	store_log_segments_fini(&segments);
	return error;
}

int store_summary_read(struct store_summary *summary, const char *path, const struct store_filter *filter,
		       bool clients, struct wire_fault *fault)
{
	struct run run = {.summary = summary,
			  .filter = filter,
			  .is_plain = !clients && (!filter || store_filter_is_empty(filter)),
			  .wants_clients = clients,
			  .block = store_block_open()};
	*summary = (struct store_summary){0};
	int error = run.block && store__table_init(&run.subjects) == 0 &&
			    store__table_init(&run.client_table) == 0 &&
			    store__table_init(&run.connections) == 0
			? count_log(&run, path, fault)
			: wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	store_block_close(run.block);
	store__table_fini(&run.subjects);
	store__table_fini(&run.client_table);
	store__table_fini(&run.connections);
	if (error) {
		store_summary_fini(summary);
		return error;
	}
	if (summary->subjects_len > 0)
		qsort(summary->subjects, summary->subjects_len, sizeof *summary->subjects, compare_subjects);
	if (summary->clients_len > 0)
		qsort(summary->clients, summary->clients_len, sizeof *summary->clients, compare_clients);
	return 0;
}

static void free_text(struct wire_slice text)
{
	free((char *)(uintptr_t)text.data);
}

void store_summary_fini(struct store_summary *summary)
{
	for (size_t i = 0; i < summary->subjects_len; i++)
		free_text(summary->subjects[i].subject);
	for (size_t i = 0; i < summary->clients_len; i++) {
		struct wire_client *client = &summary->clients[i].client;
		free_text(client->address);
		free_text(client->name);
		free_text(client->lang);
		free_text(client->version);
		free_text(client->user);
	}
	free(summary->subjects);
	free(summary->clients);
	*summary = (struct store_summary){0};
}
