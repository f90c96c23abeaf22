#include "store/read/undelivered.h"

#include "store/format/block.h"
#include "store/format/table.h"
#include "store/read/decode_event.h"

/* A client that did not get all that was sent to it. */
struct lost_client {
	uint64_t conn;
	uint64_t left;   /* deliveries that are still to be found; 0: the search is over */
	uint64_t seq;    /* the boundary: of the first message found; UINT64_MAX: none yet */
	uint32_t member; /* of that message: its receivers from this one on are concerned */
	enum wire_outcome outcome;
};

/* Deliveries of a block that were lost. */
struct lost_block {
	uint64_t first_seq, deliveries;
};

struct store__undelivered {
	struct store__buffer clients;   /* struct lost_client */
	struct store_table by_conn;     /* indices of clients */
	uint32_t searching;             /* clients with deliveries still to be found */
	struct store__buffer blocks;    /* struct lost_block, by falling first_seq */
	struct store__buffer receivers; /* of the event that apply changed last */
	struct store_block *block;      /* the one being looked at */
};

struct store__undelivered *store__undelivered_open(void)
{
	struct store__undelivered *undelivered = calloc(1, sizeof *undelivered);
	if (!undelivered)
		return NULL;
	undelivered->block = store_block_open();
	if (undelivered->block && store_table_init(&undelivered->by_conn) == 0)
		return undelivered;
	store__undelivered_close(undelivered);
	return NULL;
}

void store__undelivered_close(struct store__undelivered *undelivered)
{
	if (!undelivered)
		return;
	store__buffer_fini(&undelivered->clients);
	store__buffer_fini(&undelivered->blocks);
	store__buffer_fini(&undelivered->receivers);
	store_table_fini(&undelivered->by_conn);
	store_block_close(undelivered->block);
	free(undelivered);
}

/* ---- clients ---- */

static uint32_t clients_len(const struct store__undelivered *undelivered)
{
	return (uint32_t)(undelivered->clients.len / sizeof(struct lost_client));
}

static struct lost_client *client_at(const struct store__undelivered *undelivered, uint32_t index)
{
	return (struct lost_client *)(void *)undelivered->clients.bytes + index;
}

static uint64_t hash_of(uint64_t conn)
{
	return conn * 0x9e3779b97f4a7c15u >> 32;
}

static struct lost_client *find_client(const struct store__undelivered *undelivered, uint64_t conn)
{
	uint32_t probe = 0, index;
	while (store_table_next(&undelivered->by_conn, hash_of(conn), &probe, &index))
		if (client_at(undelivered, index)->conn == conn)
			return client_at(undelivered, index);
	return NULL;
}

static enum wire_outcome outcome_of(struct wire_slice reason)
{
	static const char slow[] = "Slow Consumer";
	bool is_slow = reason.len >= sizeof slow - 1 && memcmp(reason.data, slow, sizeof slow - 1) == 0;
	return is_slow ? WIRE_DROPPED_SLOW : WIRE_DROPPED_CLOSED;
}

/* A disconnect event: begin to search for the messages that the client never got. A connection ends once; of two disconnect
 * events the later one counts. */
static int begin_search(struct store__undelivered *undelivered, const struct wire_event *event)
{
	uint32_t index = clients_len(undelivered);
	if (event->lost_messages == 0 || (event->flags & WIRE_EVENT_CUT) ||
	    index >= STORE__UNDELIVERED_CLIENTS_MAX || find_client(undelivered, event->conn))
		return 0;
	const struct lost_client fresh = {.conn = event->conn,
					  .left = event->lost_messages,
					  .seq = UINT64_MAX,
					  .outcome = outcome_of(event->text)};
	if (store__buffer_reserve(&undelivered->clients, sizeof fresh) ||
	    store_table_reserve(&undelivered->by_conn, 1))
		return -ENOMEM;
	store__buffer_put(&undelivered->clients, &fresh, sizeof fresh);
	store_table_add(&undelivered->by_conn, hash_of(fresh.conn), index);
	undelivered->searching++;
	return 0;
}

static void end_search(struct store__undelivered *undelivered, struct lost_client *client)
{
	if (client && client->left > 0) {
		client->left = 0;
		undelivered->searching--;
	}
}

void store__undelivered_take_gap(struct store__undelivered *undelivered)
{
	for (uint32_t i = 0; i < clients_len(undelivered) && undelivered->searching > 0; i++)
		end_search(undelivered, client_at(undelivered, i));
}

/* ---- blocks, from their last event to their first ---- */

/* Look at the receivers of a message, the last one first, as it was put into their outputs last. Returns how many never got
 * it. */
static uint64_t take_message(struct store__undelivered *undelivered, uint32_t row, uint64_t seq)
{
	const struct store_block *block = undelivered->block;
	uint32_t set = (uint32_t)store__block_number(block, STORE__RECEIVERS, row);
	uint64_t lost = 0;
	if (set == 0)
		return 0;
	const struct store__span *span = store__block_span(block, set - 1);
	for (uint32_t i = span->count; i-- > 0 && undelivered->searching > 0;) {
		const struct wire_receiver *receiver = store__block_receiver(block, span->offset + i);
		struct lost_client *client =
		    receiver->outcome == WIRE_SENT ? find_client(undelivered, receiver->conn) : NULL;
		if (!client || client->left == 0)
			continue;
		client->seq = seq;
		client->member = i;
		lost++;
		if (client->left == 1)
			end_search(undelivered, client);
		else
			client->left--;
	}
	return lost;
}

static int take_other(struct store__undelivered *undelivered, uint32_t row)
{
	struct wire_event event;
	store_block_event(undelivered->block, row, &event);
	if (event.kind == WIRE_EVENT_DISCONNECT)
		return begin_search(undelivered, &event);
	if (event.kind == WIRE_EVENT_GAP)
		store__undelivered_take_gap(undelivered);
	else if (event.kind == WIRE_EVENT_CONNECT && !(event.flags & WIRE_EVENT_REPEATED))
		end_search(undelivered, find_client(undelivered, event.conn));
	return 0;
}

static int take_rows(struct store__undelivered *undelivered, const struct store_block_header *header)
{
	struct lost_block block = {.first_seq = header->first_seq};
	int error = 0;
	for (uint32_t row = header->events; row-- > 0 && !error;) {
		enum wire_event_kind kind = store_block_kind(undelivered->block, row);
		if (kind == WIRE_EVENT_MESSAGE && undelivered->searching > 0)
			block.deliveries += take_message(undelivered, row, header->first_seq + row);
		else if (kind > WIRE_EVENT_DELIVERY)
			error = take_other(undelivered, row);
	}
	if (error || block.deliveries == 0)
		return error;
	if (store__buffer_reserve(&undelivered->blocks, sizeof block))
		return -ENOMEM;
	store__buffer_put(&undelivered->blocks, &block, sizeof block);
	return 0;
}

/* The block cannot begin, advance or end a search. */
static bool is_irrelevant(const struct store__undelivered *undelivered,
			  const struct store_block_header *header)
{
	const uint32_t ending = 1u << WIRE_EVENT_CONNECT | 1u << WIRE_EVENT_GAP;
	if (header->kinds & 1u << WIRE_EVENT_DISCONNECT)
		return false;
	return undelivered->searching == 0 || (header->deliveries == 0 && !(header->kinds & ending));
}

int store__undelivered_take_block(struct store__undelivered *undelivered,
				  const struct store__block_cursor *cursor)
{
	const struct store_block_header *header = &store__block_cursor_entry(cursor)->header;
	if (is_irrelevant(undelivered, header))
		return 0;
	int error = store_segment_reader_load_block(cursor->segment, cursor->entry, STORE_FRAME_COLUMNS,
						    undelivered->block);
	if (error == 0)
		return take_rows(undelivered, header);
	if (error == -ENOMEM)
		return error;
	store__undelivered_take_gap(undelivered);
	return 0;
}

/* ---- the log ---- */

static int look_back(struct store__undelivered *undelivered, struct store__block_cursor *cursor,
		     uint64_t from_seq)
{
	int step, error = 0;
	while (!error && (step = store__block_cursor_next(cursor, NULL)) > STORE__AT_END) {
		if (step == STORE__AT_GAP) {
			store__undelivered_take_gap(undelivered);
			continue;
		}
		const struct store_block_header *header = &store__block_cursor_entry(cursor)->header;
		if (header->first_seq + header->events <= from_seq)
			return 0;
		error = store__undelivered_take_block(undelivered, cursor);
	}
	return error;
}

int store__undelivered_find(struct store__undelivered *undelivered, const char *path, uint64_t from_seq)
{
	struct store__block_cursor cursor;
	int error = store__block_cursor_init(&cursor, path, true, false, NULL);
	if (!error)
		error = look_back(undelivered, &cursor, from_seq);
	store__block_cursor_fini(&cursor);
	return error == -ENOMEM ? error : 0;
}

/* ---- questions ---- */

uint64_t store__undelivered_in(const struct store__undelivered *undelivered, uint64_t first_seq)
{
	const struct lost_block *blocks = (const struct lost_block *)(const void *)undelivered->blocks.bytes;
	size_t from = 0, to = undelivered->blocks.len / sizeof *blocks;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (blocks[middle].first_seq == first_seq)
			return blocks[middle].deliveries;
		if (blocks[middle].first_seq > first_seq)
			from = middle + 1;
		else
			to = middle;
	}
	return 0;
}

static bool is_lost(const struct lost_client *client, uint64_t seq, uint32_t member)
{
	return client && (seq > client->seq || (seq == client->seq && member >= client->member));
}

int store__undelivered_apply(struct store__undelivered *undelivered, struct wire_event *event)
{
	size_t bytes = event->receivers_len * sizeof *event->receivers;
	if (event->kind != WIRE_EVENT_MESSAGE || event->receivers_len == 0)
		return 0;
	undelivered->receivers.len = 0;
	if (store__buffer_reserve(&undelivered->receivers, bytes))
		return -ENOMEM;
	store__buffer_put(&undelivered->receivers, event->receivers, bytes);
	struct wire_receiver *receivers = (struct wire_receiver *)(void *)undelivered->receivers.bytes;
	for (uint32_t i = 0; i < event->receivers_len; i++) {
		const struct lost_client *client =
		    receivers[i].outcome == WIRE_SENT ? find_client(undelivered, receivers[i].conn) : NULL;
		if (!is_lost(client, event->seq, i))
			continue;
		receivers[i].outcome = client->outcome;
		event->receiver_count--;
	}
	event->receivers = receivers;
	return 0;
}
