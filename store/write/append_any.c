#include "store/write/append_any.h"

#include <assert.h>
#include <xxhash.h>

#include "store/format/columns.h"
#include "store/format/details.h"
#include "store/write/batch_rows.h"
#include "store/write/receivers.h"

enum {
	/* A batch is full when the event could make its side buffers larger than this together. */
	AUX_BYTES = 8 << 20,
	/* Limits of one event: frames stay below STORE_FRAME_RAW_MAX. */
	CONTENT_BYTES_MAX = 128 << 20, /* headers and payload */
	TEXT_BYTES_MAX = 32 << 20,     /* subject, reply and details together */
	RECEIVERS_BYTES_MAX = 64 << 20,
};

/* The receivers to be stored with the event: those of a message, unless they are unknown or too many, or the one receiver
 * of a delivery. NULL when there are none. */
static const struct wire_receiver *receivers_of(const struct wire_event *event, struct wire_receiver *one,
						uint32_t *count)
{
	*count = 0;
	if (event->kind == WIRE_EVENT_DELIVERY) {
		*one = (struct wire_receiver){
		    .conn = event->conn, .sid = event->sid, .queue = event->queue, .outcome = event->outcome};
		*count = 1;
		return one;
	}
	if (event->kind != WIRE_EVENT_MESSAGE || !event->receivers ||
	    event->receivers_len > STORE__VALUES_MAX ||
	    store__receivers_bound(event->receivers, event->receivers_len) > RECEIVERS_BYTES_MAX)
		return NULL;
	*count = event->receivers_len;
	return event->receivers;
}

/* An event, and what has to be stored of it. */
struct entry {
	const struct wire_event *event;
	bool has_details, has_subject_hint, has_receivers_hint;
	const struct wire_receiver *receivers; /* NULL: only their number */
	uint32_t receivers_len;
	struct wire_receiver one;
	const int64_t *delays_ns; /* of the receivers; NULL: unknown */
	size_t details_bytes;     /* at most */
};

static void take_apart(const struct store_batch *batch, const struct wire_event *event, struct entry *entry)
{
	*entry = (struct entry){.event = event,
				.has_details = event->kind > WIRE_EVENT_DELIVERY,
				.has_subject_hint = store__batch_trusts(batch, event->subject_hint),
				.has_receivers_hint = event->kind == WIRE_EVENT_MESSAGE && event->receivers &&
						      store__batch_trusts(batch, event->receivers_hint)};
	if (!entry->has_receivers_hint)
		entry->receivers = receivers_of(event, &entry->one, &entry->receivers_len);
	if (event->kind == WIRE_EVENT_MESSAGE && entry->receivers_len > 0)
		entry->delays_ns = event->delays_ns;
	if (entry->has_details)
		entry->details_bytes = store__details_bound(event);
}

static size_t aux_bytes(struct store_batch *batch)
{
	struct store__buffer *buffer;
	size_t bytes = 0;
	for (int i = 0; (buffer = store__batch_side_buffer(batch, i)); i++)
		bytes += buffer->len;
	return bytes;
}

/* 0, -EMSGSIZE or STORE_EFULL. An empty batch takes every event that is not too large for any batch. */
static int check_room(struct store_batch *batch, const struct entry *entry)
{
	const struct wire_event *event = entry->event;
	size_t content = event->headers.len + event->payload.len;
	size_t text = event->subject.len + event->reply.len + entry->details_bytes +
		      (event->kind == WIRE_EVENT_DELIVERY ? event->sid.len + event->queue.len : 0);
	if (content > CONTENT_BYTES_MAX || text > TEXT_BYTES_MAX)
		return -EMSGSIZE;
	if (batch->events == 0)
		return 0;
	if (entry->receivers)
		text += store__receivers_bound(entry->receivers, entry->receivers_len);
	if (entry->delays_ns)
		text += entry->receivers_len * sizeof(uint64_t);
	if (batch->events == STORE_BLOCK_EVENTS_MAX ||
	    batch->payloads.len + content > STORE_BLOCK_PAYLOAD_BYTES ||
	    aux_bytes(batch) + text + sizeof(struct store__subject) > AUX_BYTES)
		return STORE_EFULL;
	return 0;
}

/* Reserve room for everything before anything is written, so that a failure leaves the batch as it was. */
static int reserve(struct store_batch *batch, const struct entry *entry)
{
	const struct wire_event *event = entry->event;
	if (store__buffer_reserve(&batch->payloads, event->headers.len + event->payload.len) ||
	    store__buffer_reserve(&batch->replies, event->reply.len) ||
	    store__buffer_reserve(&batch->details, entry->details_bytes) ||
	    store__buffer_reserve(&batch->delays,
				  entry->delays_ns ? entry->receivers_len * sizeof(uint64_t) : 0) ||
	    store__buffer_reserve(&batch->subjects, sizeof(struct store__subject)) ||
	    store__buffer_reserve(&batch->subject_text, event->subject.len) ||
	    store_table_reserve(&batch->subject_table, 1))
		return -ENOMEM;
	return entry->receivers ? store__receivers_reserve(batch, entry->receivers, entry->receivers_len) : 0;
}

/* Find the subject or add it to room that was reserved. Returns its index + 1; 0 for an empty subject. */
static uint32_t put_subject(struct store_batch *batch, struct wire_slice subject)
{
	if (subject.len == 0)
		return 0;
	uint64_t hash = XXH3_64bits_withSeed(subject.data, subject.len, batch->seed);
	uint32_t probe = 0, index;
	while (store_table_next(&batch->subject_table, hash, &probe, &index)) {
		const struct store__subject *known = store__batch_subject(batch, index);
		const char *text = (const char *)batch->subject_text.bytes + known->offset;
		if (wire_slice_equal(wire_slice(text, known->len), subject))
			return index + 1;
	}
	index = store__batch_subjects(batch);
	const struct store__subject fresh = {.offset = (uint32_t)batch->subject_text.len,
					     .len = (uint32_t)subject.len};
	store__buffer_put(&batch->subjects, &fresh, sizeof fresh);
	store__buffer_put(&batch->subject_text, subject.data, subject.len);
	store_table_add(&batch->subject_table, hash, index);
	return index + 1;
}

static uint32_t subject_number(struct store_batch *batch, const struct entry *entry)
{
	struct wire_intern_hint *hint = entry->event->subject_hint;
	if (entry->has_subject_hint)
		return hint->id;
	uint32_t number = put_subject(batch, entry->event->subject);
	if (hint)
		*hint = (struct wire_intern_hint){.stamp = batch->stamp, .id = number};
	return number;
}

/* Leave a hint only for receivers that are stored: a mere number of receivers may differ from message to message. */
static uint32_t receivers_number(struct store_batch *batch, const struct entry *entry)
{
	struct wire_intern_hint *hint = entry->event->receivers_hint;
	if (entry->has_receivers_hint)
		return hint->id;
	if (!entry->receivers)
		return 0;
	uint32_t number = store__receivers_put(batch, entry->receivers, entry->receivers_len) + 1;
	if (hint && entry->event->kind == WIRE_EVENT_MESSAGE)
		*hint = (struct wire_intern_hint){.stamp = batch->stamp, .id = number};
	return number;
}

static void put_sparse(struct store_batch *batch, const struct wire_event *event, uint32_t receivers,
		       uint32_t details_bytes)
{
	STORE__PUT_SPARSE(batch, STORE__KIND, kind, (uint8_t)event->kind);
	STORE__PUT_SPARSE(batch, STORE__FLAGS, flags, event->flags);
	STORE__PUT_SPARSE(batch, STORE__HEADERS_BYTES, headers_bytes, (uint32_t)event->headers.len);
	STORE__PUT_SPARSE(batch, STORE__REPLY_BYTES, reply_bytes, (uint32_t)event->reply.len);
	STORE__PUT_SPARSE(batch, STORE__DETAILS_BYTES, details_bytes, details_bytes);
	STORE__PUT_SPARSE(batch, STORE__MISSING_BYTES, missing_bytes, event->size - event->payload.len);
	if (event->kind == WIRE_EVENT_DELIVERY)
		STORE__PUT_SPARSE(batch, STORE__REFERS_TO, refers_to, event->refers_to);
	if (event->kind == WIRE_EVENT_MESSAGE && receivers == 0)
		STORE__PUT_SPARSE(batch, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
}

static uint32_t put_details(struct store_batch *batch, const struct entry *entry)
{
	size_t before = batch->details.len;
	if (entry->has_details)
		store__details_put(&batch->details, entry->event);
	return (uint32_t)(batch->details.len - before);
}

static void put_delays(struct store_batch *batch, const struct entry *entry)
{
	if (!entry->delays_ns)
		return;
	for (uint32_t i = 0; i < entry->receivers_len; i++) {
		uint64_t stored = store__delay_put(entry->delays_ns[i]);
		store__buffer_put(&batch->delays, &stored, sizeof stored);
	}
	STORE__PUT_SPARSE(batch, STORE__DELAYS_LENGTH, delays_len, entry->receivers_len);
}

int store__batch_append_any(struct store_batch *batch, const struct wire_event *event)
{
	struct entry entry;
	assert((unsigned)event->kind < WIRE_EVENT_KINDS);
	take_apart(batch, event, &entry);
	int error = check_room(batch, &entry);
	error = error ? error : reserve(batch, &entry);
	if (error)
		return error;
	uint32_t receivers = receivers_number(batch, &entry);
	put_sparse(batch, event, receivers, put_details(batch, &entry));
	put_delays(batch, &entry);
	store__buffer_put(&batch->replies, event->reply.data, event->reply.len);
	store__buffer_put(&batch->payloads, event->headers.data, event->headers.len);
	store__buffer_put(&batch->payloads, event->payload.data, event->payload.len);
	store__batch_add_row(batch, event, subject_number(batch, &entry), receivers);
	if (event->kind == WIRE_EVENT_MESSAGE)
		store__batch_count_message(batch, event, receivers);
	else if (event->kind == WIRE_EVENT_DELIVERY && event->outcome == WIRE_SENT)
		batch->deliveries++;
	return 0;
}
