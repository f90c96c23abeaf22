#include "store/write/batch.h"

#include <assert.h>
#include <sys/random.h>
#include <xxhash.h>

#include "store/format/columns.h"
#include "store/format/details.h"
#include "store/write/batch_layout.h"
#include "store/write/receivers.h"

enum {
	/* A batch is full when an event could bring its other buffers beyond this together. */
	AUX_BYTES = 8 << 20,
	/* What a reset keeps of each buffer. */
	KEEP_PAYLOAD_BYTES = 2 * STORE_BLOCK_PAYLOAD_BYTES,
	KEEP_AUX_BYTES = 2 << 20,
	/* What one event may have, so that frames stay below STORE_FRAME_RAW_MAX. */
	CONTENT_BYTES_MAX = 128 << 20, /* headers and payload */
	TEXT_BYTES_MAX = 32 << 20,     /* subject, reply and details together */
	RECEIVERS_BYTES_MAX = 64 << 20,
};

/* Columns that are zero for plain messages. */
static const struct sparse_column {
	enum store__event_column id;
	size_t offset, width;
} sparse_columns[] = {
#define SPARSE(id, name)                                                                           \
	{                                                                                          \
		id, offsetof(struct store__rows, name), sizeof(((struct store__rows *)0)->name[0]) \
	}
    SPARSE(STORE__KIND, kind),
    SPARSE(STORE__FLAGS, flags),
    SPARSE(STORE__HEADERS_BYTES, headers_bytes),
    SPARSE(STORE__REPLY_BYTES, reply_bytes),
    SPARSE(STORE__DETAILS_BYTES, details_bytes),
    SPARSE(STORE__RECEIVER_COUNT, receiver_count),
    SPARSE(STORE__MISSING_BYTES, missing_bytes),
    SPARSE(STORE__REFERS_TO, refers_to),
#undef SPARSE
};

static struct store__buffer *aux_buffer(struct store_batch *batch, int index)
{
	struct store__buffer *const buffers[] = {
	    &batch->replies,     &batch->details,         &batch->subjects, &batch->subject_text,
	    &batch->subscribers, &batch->subscriber_text, &batch->sets,     &batch->members,
	};
	return index < (int)(sizeof buffers / sizeof *buffers) ? buffers[index] : NULL;
}

struct store_batch *store_batch_open(void)
{
	struct store_batch *batch = calloc(1, sizeof *batch);
	uint64_t random[2];
	if (!batch)
		return NULL;
	if (getrandom(random, sizeof random, 0) != sizeof random ||
	    store__buffer_reserve(&batch->payloads, STORE_BLOCK_PAYLOAD_BYTES) ||
	    store__table_init(&batch->subject_table) || store__table_init(&batch->subscriber_table) ||
	    store__table_init(&batch->set_table)) {
		store_batch_close(batch);
		return NULL;
	}
	/* Stages count from random numbers on, so that no two ever use the same stamp. */
	batch->stamp = random[0] | 1;
	batch->seed = random[1];
	return batch;
}

void store_batch_close(struct store_batch *batch)
{
	struct store__buffer *buffer;
	if (!batch)
		return;
	for (int i = 0; (buffer = aux_buffer(batch, i)); i++)
		store__buffer_fini(buffer);
	store__buffer_fini(&batch->payloads);
	store__table_fini(&batch->subject_table);
	store__table_fini(&batch->subscriber_table);
	store__table_fini(&batch->set_table);
	free(batch);
}

static void clear_sparse_columns(struct store_batch *batch)
{
	for (size_t i = 0; i < sizeof sparse_columns / sizeof *sparse_columns; i++) {
		const struct sparse_column *column = &sparse_columns[i];
		if (batch->sparse & 1u << column->id)
			memset((unsigned char *)&batch->rows + column->offset, 0,
			       column->width * batch->events);
	}
	batch->sparse = 0;
}

void store_batch_reset(struct store_batch *batch)
{
	struct store__buffer *buffer;
	clear_sparse_columns(batch);
	batch->events = batch->messages = batch->kinds = batch->origins = 0;
	batch->min_time_ns = batch->max_time_ns = 0;
	batch->payload_bytes = batch->deliveries = batch->max_conn = 0;
	batch->stamp += 2;
	store__buffer_shrink(&batch->payloads, KEEP_PAYLOAD_BYTES);
	for (int i = 0; (buffer = aux_buffer(batch, i)); i++)
		store__buffer_shrink(buffer, KEEP_AUX_BYTES);
	store__table_clear(&batch->subject_table);
	store__table_clear(&batch->subscriber_table);
	store__table_clear(&batch->set_table);
}

static void pass_on(struct store__table *full, struct store__table *next)
{
	struct store__table empty = *next;
	*next = *full;
	*full = empty;
	store__table_clear(next);
}

void store_batch_pass_on(struct store_batch *full, struct store_batch *next)
{
	assert(next->events == 0);
	pass_on(&full->subject_table, &next->subject_table);
	pass_on(&full->subscriber_table, &next->subscriber_table);
	pass_on(&full->set_table, &next->set_table);
}

static inline bool is_trusted(const struct store_batch *batch, const struct wire_intern_hint *hint)
{
	return hint && hint->stamp == batch->stamp;
}

/* Write to a sparse column of the next row. */
#define PUT_SPARSE(batch, id, name, value)                             \
	do {                                                           \
		if ((value) != 0) {                                    \
			(batch)->rows.name[(batch)->events] = (value); \
			(batch)->sparse |= 1u << (id);                 \
		}                                                      \
	} while (0)

static void add_origin(struct store_batch *batch, const struct wire_event *event)
{
	batch->rows.origins[batch->origins++] = (struct store__origin){
	    .time_ns = event->time_ns, .conn = event->conn, .first_row = batch->events};
	if (event->conn > batch->max_conn)
		batch->max_conn = event->conn;
	if (batch->events == 0)
		batch->min_time_ns = batch->max_time_ns = event->time_ns;
	if (event->time_ns < batch->min_time_ns)
		batch->min_time_ns = event->time_ns;
	if (event->time_ns > batch->max_time_ns)
		batch->max_time_ns = event->time_ns;
}

/* What the next events share with those before them, as a rule. */
static inline void note_origin(struct store_batch *batch, const struct wire_event *event)
{
	const struct store__origin *last = &batch->rows.origins[batch->origins > 0 ? batch->origins - 1 : 0];
	batch->kinds |= 1u << event->kind;
	if (batch->origins == 0 || last->time_ns != event->time_ns || last->conn != event->conn)
		add_origin(batch, event);
}

/* Totals and the dense columns of the row that is about to be complete. */
static inline void add_row(struct store_batch *batch, const struct wire_event *event, uint32_t subject,
			   uint32_t receivers)
{
	note_origin(batch, event);
	uint32_t row = batch->events++;
	batch->rows.subject[row] = subject;
	batch->rows.payload_bytes[row] = (uint32_t)event->payload.len;
	batch->rows.receivers[row] = receivers;
}

/* How many got each of the messages. */
static inline uint32_t receiver_count(const struct store_batch *batch, const struct wire_event *event,
				      uint32_t receivers)
{
	return receivers > 0 ? store__batch_set(batch, receivers - 1)->sent : event->receiver_count;
}

static inline void count_message(struct store_batch *batch, const struct wire_event *event,
				 uint32_t receivers)
{
	batch->messages++;
	batch->payload_bytes += event->size + event->headers.len;
	batch->deliveries += receiver_count(batch, event, receivers);
}

/* Small payloads are copied by overlapping moves: a call of memcpy costs more than all the rest of an append. */
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

/* A message without reply and headers, whose subject and receivers are numbered already: what a busy bus sends all the
 * time. */
static inline bool is_plain(const struct store_batch *batch, const struct wire_event *event)
{
	return ((unsigned)event->kind | event->flags | event->headers.len | event->reply.len) == 0 &&
	       is_trusted(batch, event->subject_hint) &&
	       (!event->receivers || is_trusted(batch, event->receivers_hint));
}

/* There is room for one more, and its payload is whole. */
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
		PUT_SPARSE(batch, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
	add_row(batch, event, event->subject_hint->id, receivers);
	count_message(batch, event, receivers);
	put_payload(&batch->payloads, event->payload);
}

/* The receivers that the event stores: a message's, as far as they are known and not absurdly many, or the
 * one receiver of a delivery. NULL when there are none. */
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

/* An event that is not plain, taken apart. */
struct entry {
	const struct wire_event *event;
	bool has_details, has_subject_hint, has_receivers_hint;
	const struct wire_receiver *receivers; /* NULL: only their number */
	uint32_t receivers_len;
	struct wire_receiver one;
	size_t details_bytes; /* at most */
};

static void take_apart(const struct store_batch *batch, const struct wire_event *event, struct entry *entry)
{
	*entry = (struct entry){.event = event,
				.has_details = event->kind > WIRE_EVENT_DELIVERY,
				.has_subject_hint = is_trusted(batch, event->subject_hint),
				.has_receivers_hint = event->kind == WIRE_EVENT_MESSAGE && event->receivers &&
						      is_trusted(batch, event->receivers_hint)};
	if (!entry->has_receivers_hint)
		entry->receivers = receivers_of(event, &entry->one, &entry->receivers_len);
	if (entry->has_details)
		entry->details_bytes = store__details_bound(event);
}

static size_t aux_bytes(struct store_batch *batch)
{
	struct store__buffer *buffer;
	size_t bytes = 0;
	for (int i = 0; (buffer = aux_buffer(batch, i)); i++)
		bytes += buffer->len;
	return bytes;
}

/* 0, -EMSGSIZE or STORE_EFULL. An empty batch takes whatever is not too large for any. */
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
	if (batch->events == STORE_BLOCK_EVENTS_MAX ||
	    batch->payloads.len + content > STORE_BLOCK_PAYLOAD_BYTES ||
	    aux_bytes(batch) + text + sizeof(struct store__subject) > AUX_BYTES)
		return STORE_EFULL;
	return 0;
}

/* Room for everything before anything is put, so that a failure leaves the batch as it was. */
static int reserve(struct store_batch *batch, const struct entry *entry)
{
	const struct wire_event *event = entry->event;
	if (store__buffer_reserve(&batch->payloads, event->headers.len + event->payload.len) ||
	    store__buffer_reserve(&batch->replies, event->reply.len) ||
	    store__buffer_reserve(&batch->details, entry->details_bytes) ||
	    store__buffer_reserve(&batch->subjects, sizeof(struct store__subject)) ||
	    store__buffer_reserve(&batch->subject_text, event->subject.len) ||
	    store__table_reserve(&batch->subject_table, 1))
		return -ENOMEM;
	return entry->receivers ? store__receivers_reserve(batch, entry->receivers, entry->receivers_len) : 0;
}

/* The subject's index + 1, found or added into room that was reserved; 0 for an empty one. */
static uint32_t put_subject(struct store_batch *batch, struct wire_slice subject)
{
	if (subject.len == 0)
		return 0;
	uint64_t hash = XXH3_64bits_withSeed(subject.data, subject.len, batch->seed);
	uint32_t probe = 0, index;
	while (store__table_next(&batch->subject_table, hash, &probe, &index)) {
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
	store__table_add(&batch->subject_table, hash, index);
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

/* A hint is kept only for receivers that are stored: their mere number may differ from message to message. */
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
	PUT_SPARSE(batch, STORE__KIND, kind, (uint8_t)event->kind);
	PUT_SPARSE(batch, STORE__FLAGS, flags, event->flags);
	PUT_SPARSE(batch, STORE__HEADERS_BYTES, headers_bytes, (uint32_t)event->headers.len);
	PUT_SPARSE(batch, STORE__REPLY_BYTES, reply_bytes, (uint32_t)event->reply.len);
	PUT_SPARSE(batch, STORE__DETAILS_BYTES, details_bytes, details_bytes);
	PUT_SPARSE(batch, STORE__MISSING_BYTES, missing_bytes, event->size - event->payload.len);
	if (event->kind == WIRE_EVENT_DELIVERY)
		PUT_SPARSE(batch, STORE__REFERS_TO, refers_to, event->refers_to);
	if (event->kind == WIRE_EVENT_MESSAGE && receivers == 0)
		PUT_SPARSE(batch, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
}

static uint32_t put_details(struct store_batch *batch, const struct entry *entry)
{
	size_t before = batch->details.len;
	if (entry->has_details)
		store__details_put(&batch->details, entry->event);
	return (uint32_t)(batch->details.len - before);
}

static int append_any(struct store_batch *batch, const struct wire_event *event)
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
	store__buffer_put(&batch->replies, event->reply.data, event->reply.len);
	store__buffer_put(&batch->payloads, event->headers.data, event->headers.len);
	store__buffer_put(&batch->payloads, event->payload.data, event->payload.len);
	add_row(batch, event, subject_number(batch, &entry), receivers);
	if (event->kind == WIRE_EVENT_MESSAGE)
		count_message(batch, event, receivers);
	else if (event->kind == WIRE_EVENT_DELIVERY && event->outcome == WIRE_SENT)
		batch->deliveries++;
	return 0;
}

/* Hot: once for every message on the bus. */
int store_batch_append(struct store_batch *batch, const struct wire_event *event)
{
	if (!is_plain(batch, event) || !fits(batch, event))
		return append_any(batch, event);
	append_plain(batch, event);
	return 0;
}

/* ---- batches of a source ---- */

/* How many messages of the batch have room, from `index` on. */
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

/* Column by column, which compilers make wide stores of. */
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
	/* The number of receivers alone is a sparse column. */
	if (!is_plain(batch, template) || (!template->receivers && template->receiver_count > 0))
		return 0;
	uint32_t count = batch_room(batch, messages, index);
	if (count == 0)
		return 0;
	note_origin(batch, template);
	add_rows(batch, template, messages, index, count);
	for (uint32_t i = 0; i < count; i++)
		put_payload(&batch->payloads, wire_batch_payload(messages, index + i));
	batch->events += count;
	batch->messages += count;
	batch->payload_bytes += batch->payloads.len - before;
	batch->deliveries +=
	    (uint64_t)count *
	    receiver_count(batch, template, template->receivers ? template->receivers_hint->id : 0);
	return count;
}

uint32_t store_batch_events(const struct store_batch *batch)
{
	return batch->events;
}

uint32_t store_batch_messages(const struct store_batch *batch)
{
	return batch->messages;
}

uint64_t store_batch_bytes(const struct store_batch *batch)
{
	return batch->payloads.len;
}

uint64_t store_batch_memory(const struct store_batch *batch)
{
	uint64_t slots =
	    (uint64_t)batch->subject_table.mask + batch->subscriber_table.mask + batch->set_table.mask + 3;
	return sizeof *batch + slots * sizeof(struct store__slot) + batch->payloads.cap + batch->replies.cap +
	       batch->details.cap + batch->subjects.cap + batch->subject_text.cap + batch->subscribers.cap +
	       batch->subscriber_text.cap + batch->sets.cap + batch->members.cap;
}

int64_t store_batch_min_time_ns(const struct store_batch *batch)
{
	return batch->min_time_ns;
}

int64_t store_batch_max_time_ns(const struct store_batch *batch)
{
	return batch->max_time_ns;
}

uint64_t store_batch_max_conn(const struct store_batch *batch)
{
	return batch->max_conn;
}
