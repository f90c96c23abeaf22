#include "store/read/decode_event.h"

#include "store/format/block.h"
#include "store/format/details.h"

/* Where the bytes of an event begin: the sum of the sizes of all events before it. */
static uint32_t place(const struct store_block *block, struct store__places *places,
		      enum store__event_column sizes, uint32_t index)
{
	uint32_t *at = (uint32_t *)(void *)places->at.bytes;
	if (!places->found) {
		uint32_t next = 0;
		for (uint32_t i = 0; i < block->header.events; i++) {
			at[i] = next;
			next += (uint32_t)store__block_number(block, sizes, i);
		}
		places->found = true;
	}
	return at[index];
}

static inline uint32_t content_bytes(const struct store_block *block, uint32_t index)
{
	return (uint32_t)(store__block_number(block, STORE__HEADERS_BYTES, index) +
			  store__block_number(block, STORE__PAYLOAD_BYTES, index));
}

/* The group of the payload frame that holds the event's bytes: its subject's, or the last one. */
static inline uint32_t group_of(const struct store_block *block, uint32_t index)
{
	uint32_t subject = (uint32_t)store__block_number(block, STORE__SUBJECT, index);
	return subject > 0 ? subject - 1 : block->subjects_len;
}

/* Where each group begins. */
static uint32_t *lay_out_groups(struct store_block *block)
{
	uint32_t *groups = (uint32_t *)(void *)block->groups.bytes, next = 0;
	memset(groups, 0, ((size_t)block->subjects_len + 1) * sizeof *groups);
	for (uint32_t i = 0; i < block->header.events; i++)
		groups[group_of(block, i)] += content_bytes(block, i);
	for (uint32_t i = 0; i <= block->subjects_len; i++) {
		uint32_t bytes = groups[i];
		groups[i] = next;
		next += bytes;
	}
	return groups;
}

static uint32_t place_payload(struct store_block *block, uint32_t index)
{
	uint32_t *at = (uint32_t *)(void *)block->payloads.at.bytes;
	if (!block->payloads.found) {
		uint32_t *groups = lay_out_groups(block);
		for (uint32_t i = 0; i < block->header.events; i++) {
			uint32_t *next = &groups[group_of(block, i)];
			at[i] = *next;
			*next += content_bytes(block, i);
		}
		block->payloads.found = true;
	}
	return at[index];
}

static void read_content(struct store_block *block, uint32_t index, struct wire_event *event)
{
	event->headers.len = store__block_number(block, STORE__HEADERS_BYTES, index);
	event->payload.len = store__block_number(block, STORE__PAYLOAD_BYTES, index);
	event->size = store_block_size(block, index);
	if (!block->has_payloads)
		return;
	event->headers.data =
	    (const char *)block->raw[STORE_FRAME_PAYLOADS].bytes + place_payload(block, index);
	event->payload.data = event->headers.data + event->headers.len;
}

void store_block_content(struct store_block *block, struct wire_event *event)
{
	read_content(block, (uint32_t)(event->seq - block->header.first_seq), event);
}

static void read_reply(struct store_block *block, uint32_t index, struct wire_event *event)
{
	event->reply.len = store__block_number(block, STORE__REPLY_BYTES, index);
	if (event->reply.len > 0)
		event->reply.data = block->columns[STORE__REPLIES].bytes.data +
				    place(block, &block->replies, STORE__REPLY_BYTES, index);
}

static void read_receivers(struct store_block *block, uint32_t index, struct wire_event *event)
{
	uint32_t set = (uint32_t)store__block_number(block, STORE__RECEIVERS, index);
	event->receiver_count = (uint32_t)store__block_number(block, STORE__RECEIVER_COUNT, index);
	if (set == 0)
		return;
	const struct store__span *span = store__block_span(block, set - 1);
	event->receivers = store__block_receiver(block, span->offset);
	event->receivers_len = span->count;
	event->receiver_count = span->sent;
	if (store__block_number(block, STORE__DELAYS_LENGTH, index) > 0)
		event->delays_ns = (const int64_t *)(const void *)block->delays.bytes +
				   place(block, &block->delay_places, STORE__DELAYS_LENGTH, index);
}

/* A delivery's receiver is stored as a set of one. */
static void read_delivery(const struct store_block *block, uint32_t index, struct wire_event *event)
{
	uint32_t set = (uint32_t)store__block_number(block, STORE__RECEIVERS, index);
	event->refers_to = store__block_number(block, STORE__REFERS_TO, index);
	if (set == 0 || store__block_span(block, set - 1)->count == 0)
		return;
	const struct wire_receiver *receiver =
	    store__block_receiver(block, store__block_span(block, set - 1)->offset);
	event->sid = receiver->sid;
	event->queue = receiver->queue;
	event->outcome = receiver->outcome;
}

/* Details were checked when the columns were loaded. */
static void read_details(struct store_block *block, uint32_t index, struct wire_event *event)
{
	size_t len = store__block_number(block, STORE__DETAILS_BYTES, index);
	if (event->kind == WIRE_EVENT_CONNECT)
		event->client = &block->client;
	block->client = (struct wire_client){0};
	if (len > 0)
		store__details_get(block->columns[STORE__DETAILS].bytes.data +
				       place(block, &block->details, STORE__DETAILS_BYTES, index),
				   len, event, &block->client);
}

/* Hot: once for every event that a filter looks at. */
void store_block_numbers(const struct store_block *block, uint32_t index, struct wire_event *event)
{
	uint32_t subject = store_block_subject_of(block, index);
	event->kind = store_block_kind(block, index);
	event->flags = (uint32_t)store__block_number(block, STORE__FLAGS, index);
	event->seq = block->header.first_seq + index;
	event->time_ns = store_block_time_ns(block, index);
	event->conn = store_block_conn(block, index);
	event->headers.len = store__block_number(block, STORE__HEADERS_BYTES, index);
	event->payload.len = store__block_number(block, STORE__PAYLOAD_BYTES, index);
	event->size = store_block_size(block, index);
	event->subject = (struct wire_slice){0};
	if (subject != UINT32_MAX)
		event->subject = store__subject_at(block, subject)->subject;
}

/* Hot: once for every event that is read. */
void store_block_event(struct store_block *block, uint32_t index, struct wire_event *event)
{
	uint32_t subject = store_block_subject_of(block, index);
	*event = (struct wire_event){.kind = store_block_kind(block, index),
				     .flags = (uint32_t)store__block_number(block, STORE__FLAGS, index),
				     .seq = block->header.first_seq + index,
				     .time_ns = store_block_time_ns(block, index),
				     .conn = store_block_conn(block, index)};
	if (subject != UINT32_MAX)
		event->subject = store__subject_at(block, subject)->subject;
	read_content(block, index, event);
	read_reply(block, index, event);
	if (event->kind == WIRE_EVENT_MESSAGE)
		read_receivers(block, index, event);
	else if (event->kind == WIRE_EVENT_DELIVERY)
		read_delivery(block, index, event);
	if (event->kind > WIRE_EVENT_DELIVERY)
		read_details(block, index, event);
}
