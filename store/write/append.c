#include "store/write/append.h"

#include <assert.h>

#include "store/format/columns.h"
#include "store/write/append_any.h"
#include "store/write/batch_rows.h"

/* Copy small payloads by overlapping moves: a call of memcpy costs more than all the rest of an append. */
static inline void put_payload(struct store__buffer *payloads, struct wire_slice payload)
{
	unsigned char *out = payloads->bytes + payloads->len;
	payloads->len += payload.len;
	if (payload.len < 16 || payload.len > 256) {
		if (payload.len > 0)
			memcpy(out, payload.data, payload.len);
		return;
	}
	for (size_t at = 0; at + 16 <= payload.len; at += 16)
		memcpy(out + at, payload.data + at, 16);
	memcpy(out + payload.len - 16, payload.data + payload.len - 16, 16);
}

/* A message without reply and headers whose subject and receivers have numbers already: most messages of a busy bus. */
static inline bool is_plain(const struct store_batch *batch, const struct wire_event *event)
{
	return ((unsigned)event->kind | event->flags | event->headers.len | event->reply.len) == 0 &&
	       store__batch_trusts(batch, event->subject_hint) &&
	       (!event->receivers || store__batch_trusts(batch, event->receivers_hint));
}

/* The payload is whole, and there is room for it. */
static inline bool fits(const struct store_batch *batch, const struct wire_event *event)
{
	return event->size == event->payload.len && batch->events < STORE_BLOCK_EVENTS_MAX &&
	       batch->payloads.len <= STORE_BLOCK_PAYLOAD_BYTES &&
	       event->payload.len <= STORE_BLOCK_PAYLOAD_BYTES - batch->payloads.len;
}
static_assert(WIRE_EVENT_MESSAGE == 0, "the kind of a plain message is 0");

static void append_plain(struct store_batch *batch, const struct wire_event *event)
{
	uint32_t receivers = event->receivers ? event->receivers_hint->id : 0;
	if (receivers == 0)
		STORE__PUT_SPARSE(batch, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
	store__batch_add_row(batch, event, event->subject_hint->id, receivers);
	store__batch_count_message(batch, event, receivers);
	put_payload(&batch->payloads, event->payload);
}

/* Hot: once for every message on the bus. */
int store_batch_append(struct store_batch *batch, const struct wire_event *event)
{
	if (!is_plain(batch, event) || !fits(batch, event))
		return store__batch_append_any(batch, event);
	append_plain(batch, event);
	return 0;
}

/* ---- batches of a source ---- */

/* How many messages from `index` on fit into the batch. */
static uint32_t batch_room(const struct store_batch *batch, const struct wire_batch *messages, uint32_t index)
{
	size_t bytes = batch->payloads.len;
	uint32_t most = STORE_BLOCK_EVENTS_MAX - batch->events, count = 0;
	if (most > messages->count - index)
		most = messages->count - index;
	if (bytes + messages->payload_bytes <= STORE_BLOCK_PAYLOAD_BYTES)
		return most;
	while (count < most &&
	       (bytes += messages->entries[index + count].payload_len) <= STORE_BLOCK_PAYLOAD_BYTES)
		count++;
	return count;
}

/* Write column by column, so that compilers use wide stores. */
static void add_rows(struct store_batch *batch, const struct wire_event *template,
		     const struct wire_batch *messages, uint32_t index, uint32_t count)
{
	struct store__rows *rows = &batch->rows;
	uint32_t row = batch->events, subject = template->subject_hint->id,
		 receivers = template->receivers ? template->receivers_hint->id : 0;
	for (uint32_t i = 0; i < count; i++)
		rows->subject[row + i] = subject;
	for (uint32_t i = 0; i < count; i++)
		rows->receivers[row + i] = receivers;
	for (uint32_t i = 0; i < count; i++)
		rows->payload_bytes[row + i] = messages->entries[index + i].payload_len;
}

/* Hot: once for every batch of a source. */
uint32_t store_batch_append_entries(struct store_batch *batch, const struct wire_event *template,
				    const struct wire_batch *messages, uint32_t index)
{
	size_t before = batch->payloads.len;
	/* A mere number of receivers goes to a sparse column. */
	if (!is_plain(batch, template) || (!template->receivers && template->receiver_count > 0))
		return 0;
	uint32_t count = batch_room(batch, messages, index);
	if (count == 0)
		return 0;
	store__batch_note_origin(batch, template);
	add_rows(batch, template, messages, index, count);
	for (uint32_t i = 0; i < count; i++)
		put_payload(&batch->payloads, wire_batch_payload(messages, index + i));
	batch->events += count;
	batch->messages += count;
	batch->payload_bytes += batch->payloads.len - before;
	batch->deliveries +=
	    (uint64_t)count * store__batch_receiver_count(
				  batch, template, template->receivers ? template->receivers_hint->id : 0);
	return count;
}
