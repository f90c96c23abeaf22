#include "store/write/stage.h"

#include <assert.h>
#include <sys/random.h>
#include <xxhash.h>

#include "store/format/columns.h"
#include "store/format/details.h"
#include "store/write/receivers.h"
#include "store/write/rows.h"

enum {
	/* A stage is full when an event could bring its other buffers beyond this together. */
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
    SPARSE(STORE__DELAYS_LENGTH, delays_len),
    SPARSE(STORE__RECEIVER_COUNT, receiver_count),
    SPARSE(STORE__MISSING_BYTES, missing_bytes),
    SPARSE(STORE__REFERS_TO, refers_to),
#undef SPARSE
};

static struct store__buffer *aux_buffer(struct store_stage *stage, int index)
{
	struct store__buffer *const buffers[] = {
	    &stage->replies,         &stage->details, &stage->subjects,
	    &stage->subject_text,    &stage->delays,  &stage->subscribers,
	    &stage->subscriber_text, &stage->sets,    &stage->members,
	};
	return index < (int)(sizeof buffers / sizeof *buffers) ? buffers[index] : NULL;
}

struct store_stage *store_stage_open(void)
{
	struct store_stage *stage = calloc(1, sizeof *stage);
	uint64_t random[2];
	if (!stage)
		return NULL;
	if (getrandom(random, sizeof random, 0) != sizeof random ||
	    store__buffer_reserve(&stage->payloads, STORE_BLOCK_PAYLOAD_BYTES) ||
	    store__table_init(&stage->subject_table) || store__table_init(&stage->subscriber_table) ||
	    store__table_init(&stage->set_table)) {
		store_stage_close(stage);
		return NULL;
	}
	/* Stages count from random numbers on, so that no two ever use the same stamp. */
	stage->stamp = random[0] | 1;
	stage->seed = random[1];
	return stage;
}

void store_stage_close(struct store_stage *stage)
{
	struct store__buffer *buffer;
	if (!stage)
		return;
	for (int i = 0; (buffer = aux_buffer(stage, i)); i++)
		store__buffer_fini(buffer);
	store__buffer_fini(&stage->payloads);
	store__table_fini(&stage->subject_table);
	store__table_fini(&stage->subscriber_table);
	store__table_fini(&stage->set_table);
	free(stage);
}

static void clear_sparse_columns(struct store_stage *stage)
{
	for (size_t i = 0; i < sizeof sparse_columns / sizeof *sparse_columns; i++) {
		const struct sparse_column *column = &sparse_columns[i];
		if (stage->sparse & 1u << column->id)
			memset((unsigned char *)&stage->rows + column->offset, 0,
			       column->width * stage->events);
	}
	stage->sparse = 0;
}

void store_stage_reset(struct store_stage *stage)
{
	struct store__buffer *buffer;
	clear_sparse_columns(stage);
	stage->events = stage->messages = stage->kinds = stage->moments = 0;
	stage->min_time_ns = stage->max_time_ns = 0;
	stage->payload_bytes = stage->deliveries = stage->max_conn = 0;
	stage->stamp += 2;
	store__buffer_shrink(&stage->payloads, KEEP_PAYLOAD_BYTES);
	for (int i = 0; (buffer = aux_buffer(stage, i)); i++)
		store__buffer_shrink(buffer, KEEP_AUX_BYTES);
	store__table_clear(&stage->subject_table);
	store__table_clear(&stage->subscriber_table);
	store__table_clear(&stage->set_table);
}

static void pass_on(struct store__table *full, struct store__table *next)
{
	struct store__table empty = *next;
	*next = *full;
	*full = empty;
	store__table_clear(next);
}

void store_stage_pass_on(struct store_stage *full, struct store_stage *next)
{
	assert(next->events == 0);
	pass_on(&full->subject_table, &next->subject_table);
	pass_on(&full->subscriber_table, &next->subscriber_table);
	pass_on(&full->set_table, &next->set_table);
}

static inline bool is_trusted(const struct store_stage *stage, const struct wire_memo *memo)
{
	return memo && memo->stamp == stage->stamp;
}

/* Write to a sparse column of the next row. */
#define PUT_SPARSE(stage, id, name, value)                             \
	do {                                                           \
		if ((value) != 0) {                                    \
			(stage)->rows.name[(stage)->events] = (value); \
			(stage)->sparse |= 1u << (id);                 \
		}                                                      \
	} while (0)

static void add_moment(struct store_stage *stage, const struct wire_event *event)
{
	stage->rows.moments[stage->moments++] = (struct store__moment){
	    .time_ns = event->time_ns, .conn = event->conn, .first_row = stage->events};
	if (event->conn > stage->max_conn)
		stage->max_conn = event->conn;
	if (stage->events == 0)
		stage->min_time_ns = stage->max_time_ns = event->time_ns;
	if (event->time_ns < stage->min_time_ns)
		stage->min_time_ns = event->time_ns;
	if (event->time_ns > stage->max_time_ns)
		stage->max_time_ns = event->time_ns;
}

/* What the next events share with those before them, as a rule. */
static inline void note_moment(struct store_stage *stage, const struct wire_event *event)
{
	const struct store__moment *last = &stage->rows.moments[stage->moments > 0 ? stage->moments - 1 : 0];
	stage->kinds |= 1u << event->kind;
	if (stage->moments == 0 || last->time_ns != event->time_ns || last->conn != event->conn)
		add_moment(stage, event);
}

/* Totals and the dense columns of the row that is about to be complete. */
static inline void add_row(struct store_stage *stage, const struct wire_event *event, uint32_t subject,
			   uint32_t receivers)
{
	note_moment(stage, event);
	uint32_t row = stage->events++;
	stage->rows.subject[row] = subject;
	stage->rows.payload_bytes[row] = (uint32_t)event->payload.len;
	stage->rows.receivers[row] = receivers;
}

/* How many got each of the messages. */
static inline uint32_t receiver_count(const struct store_stage *stage, const struct wire_event *event,
				      uint32_t receivers)
{
	return receivers > 0 ? store__stage_set(stage, receivers - 1)->sent : event->receiver_count;
}

static inline void count_message(struct store_stage *stage, const struct wire_event *event,
				 uint32_t receivers)
{
	stage->messages++;
	stage->payload_bytes += event->size + event->headers.len;
	stage->deliveries += receiver_count(stage, event, receivers);
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
static inline bool is_plain(const struct store_stage *stage, const struct wire_event *event)
{
	return ((unsigned)event->kind | event->flags | event->headers.len | event->reply.len) == 0 &&
	       is_trusted(stage, event->subject_memo) &&
	       (!event->receivers || is_trusted(stage, event->receivers_memo));
}

/* There is room for one more, and its payload is whole. */
static inline bool fits(const struct store_stage *stage, const struct wire_event *event)
{
	return event->size == event->payload.len && stage->events < STORE_BLOCK_EVENTS_MAX &&
	       stage->payloads.len <= STORE_BLOCK_PAYLOAD_BYTES &&
	       event->payload.len <= STORE_BLOCK_PAYLOAD_BYTES - stage->payloads.len;
}
static_assert(WIRE_EVENT_MESSAGE == 0, "the kind of a plain message is 0");

static void append_plain(struct store_stage *stage, const struct wire_event *event)
{
	uint32_t receivers = event->receivers ? event->receivers_memo->id : 0;
	if (receivers == 0)
		PUT_SPARSE(stage, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
	add_row(stage, event, event->subject_memo->id, receivers);
	count_message(stage, event, receivers);
	put_payload(&stage->payloads, event->payload);
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
	bool has_details, has_subject_memo, has_receivers_memo;
	const struct wire_receiver *receivers; /* NULL: only their number */
	uint32_t receivers_len;
	struct wire_receiver one;
	const int64_t *delays_ns; /* of the receivers; NULL: not known */
	size_t details_bytes;     /* at most */
};

static void take_apart(const struct store_stage *stage, const struct wire_event *event, struct entry *entry)
{
	*entry = (struct entry){.event = event,
				.has_details = event->kind > WIRE_EVENT_DELIVERY,
				.has_subject_memo = is_trusted(stage, event->subject_memo),
				.has_receivers_memo = event->kind == WIRE_EVENT_MESSAGE && event->receivers &&
						      is_trusted(stage, event->receivers_memo)};
	if (!entry->has_receivers_memo)
		entry->receivers = receivers_of(event, &entry->one, &entry->receivers_len);
	if (event->kind == WIRE_EVENT_MESSAGE && entry->receivers_len > 0)
		entry->delays_ns = event->delays_ns;
	if (entry->has_details)
		entry->details_bytes = store__details_bound(event);
}

static size_t aux_bytes(struct store_stage *stage)
{
	struct store__buffer *buffer;
	size_t bytes = 0;
	for (int i = 0; (buffer = aux_buffer(stage, i)); i++)
		bytes += buffer->len;
	return bytes;
}

/* 0, -EMSGSIZE or STORE_EFULL. An empty stage takes whatever is not too large for any. */
static int check_room(struct store_stage *stage, const struct entry *entry)
{
	const struct wire_event *event = entry->event;
	size_t content = event->headers.len + event->payload.len;
	size_t text = event->subject.len + event->reply.len + entry->details_bytes +
		      (event->kind == WIRE_EVENT_DELIVERY ? event->sid.len + event->queue.len : 0);
	if (content > CONTENT_BYTES_MAX || text > TEXT_BYTES_MAX)
		return -EMSGSIZE;
	if (stage->events == 0)
		return 0;
	if (entry->receivers)
		text += store__receivers_bound(entry->receivers, entry->receivers_len);
	if (entry->delays_ns)
		text += entry->receivers_len * sizeof(uint64_t);
	if (stage->events == STORE_BLOCK_EVENTS_MAX ||
	    stage->payloads.len + content > STORE_BLOCK_PAYLOAD_BYTES ||
	    aux_bytes(stage) + text + sizeof(struct store__subject) > AUX_BYTES)
		return STORE_EFULL;
	return 0;
}

/* Room for everything before anything is put, so that a failure leaves the stage as it was. */
static int reserve(struct store_stage *stage, const struct entry *entry)
{
	const struct wire_event *event = entry->event;
	if (store__buffer_reserve(&stage->payloads, event->headers.len + event->payload.len) ||
	    store__buffer_reserve(&stage->replies, event->reply.len) ||
	    store__buffer_reserve(&stage->details, entry->details_bytes) ||
	    store__buffer_reserve(&stage->delays,
				  entry->delays_ns ? entry->receivers_len * sizeof(uint64_t) : 0) ||
	    store__buffer_reserve(&stage->subjects, sizeof(struct store__subject)) ||
	    store__buffer_reserve(&stage->subject_text, event->subject.len) ||
	    store__table_reserve(&stage->subject_table, 1))
		return -ENOMEM;
	return entry->receivers ? store__receivers_reserve(stage, entry->receivers, entry->receivers_len) : 0;
}

/* The subject's index + 1, found or added into room that was reserved; 0 for an empty one. */
static uint32_t put_subject(struct store_stage *stage, struct wire_slice subject)
{
	if (subject.len == 0)
		return 0;
	uint64_t hash = XXH3_64bits_withSeed(subject.data, subject.len, stage->seed);
	uint32_t probe = 0, index;
	while (store__table_next(&stage->subject_table, hash, &probe, &index)) {
		const struct store__subject *known = store__stage_subject(stage, index);
		const char *text = (const char *)stage->subject_text.bytes + known->offset;
		if (wire_slice_equal(wire_slice(text, known->len), subject))
			return index + 1;
	}
	index = store__stage_subjects(stage);
	const struct store__subject fresh = {.offset = (uint32_t)stage->subject_text.len,
					     .len = (uint32_t)subject.len};
	store__buffer_put(&stage->subjects, &fresh, sizeof fresh);
	store__buffer_put(&stage->subject_text, subject.data, subject.len);
	store__table_add(&stage->subject_table, hash, index);
	return index + 1;
}

static uint32_t subject_number(struct store_stage *stage, const struct entry *entry)
{
	struct wire_memo *memo = entry->event->subject_memo;
	if (entry->has_subject_memo)
		return memo->id;
	uint32_t number = put_subject(stage, entry->event->subject);
	if (memo)
		*memo = (struct wire_memo){.stamp = stage->stamp, .id = number};
	return number;
}

/* A memo is kept only for receivers that are stored: their mere number may differ from message to message. */
static uint32_t receivers_number(struct store_stage *stage, const struct entry *entry)
{
	struct wire_memo *memo = entry->event->receivers_memo;
	if (entry->has_receivers_memo)
		return memo->id;
	if (!entry->receivers)
		return 0;
	uint32_t number = store__receivers_put(stage, entry->receivers, entry->receivers_len) + 1;
	if (memo && entry->event->kind == WIRE_EVENT_MESSAGE)
		*memo = (struct wire_memo){.stamp = stage->stamp, .id = number};
	return number;
}

static void put_sparse(struct store_stage *stage, const struct wire_event *event, uint32_t receivers,
		       uint32_t details_bytes)
{
	PUT_SPARSE(stage, STORE__KIND, kind, (uint8_t)event->kind);
	PUT_SPARSE(stage, STORE__FLAGS, flags, event->flags);
	PUT_SPARSE(stage, STORE__HEADERS_BYTES, headers_bytes, (uint32_t)event->headers.len);
	PUT_SPARSE(stage, STORE__REPLY_BYTES, reply_bytes, (uint32_t)event->reply.len);
	PUT_SPARSE(stage, STORE__DETAILS_BYTES, details_bytes, details_bytes);
	PUT_SPARSE(stage, STORE__MISSING_BYTES, missing_bytes, event->size - event->payload.len);
	if (event->kind == WIRE_EVENT_DELIVERY)
		PUT_SPARSE(stage, STORE__REFERS_TO, refers_to, event->refers_to);
	if (event->kind == WIRE_EVENT_MESSAGE && receivers == 0)
		PUT_SPARSE(stage, STORE__RECEIVER_COUNT, receiver_count, event->receiver_count);
}

static uint32_t put_details(struct store_stage *stage, const struct entry *entry)
{
	size_t before = stage->details.len;
	if (entry->has_details)
		store__details_put(&stage->details, entry->event);
	return (uint32_t)(stage->details.len - before);
}

static void put_delays(struct store_stage *stage, const struct entry *entry)
{
	if (!entry->delays_ns)
		return;
	for (uint32_t i = 0; i < entry->receivers_len; i++) {
		uint64_t stored = store__delay_put(entry->delays_ns[i]);
		store__buffer_put(&stage->delays, &stored, sizeof stored);
	}
	PUT_SPARSE(stage, STORE__DELAYS_LENGTH, delays_len, entry->receivers_len);
}

static int append_any(struct store_stage *stage, const struct wire_event *event)
{
	struct entry entry;
	assert((unsigned)event->kind < WIRE_EVENT_KINDS);
	take_apart(stage, event, &entry);
	int error = check_room(stage, &entry);
	error = error ? error : reserve(stage, &entry);
	if (error)
		return error;
	uint32_t receivers = receivers_number(stage, &entry);
	put_sparse(stage, event, receivers, put_details(stage, &entry));
	put_delays(stage, &entry);
	store__buffer_put(&stage->replies, event->reply.data, event->reply.len);
	store__buffer_put(&stage->payloads, event->headers.data, event->headers.len);
	store__buffer_put(&stage->payloads, event->payload.data, event->payload.len);
	add_row(stage, event, subject_number(stage, &entry), receivers);
	if (event->kind == WIRE_EVENT_MESSAGE)
		count_message(stage, event, receivers);
	else if (event->kind == WIRE_EVENT_DELIVERY && event->outcome == WIRE_SENT)
		stage->deliveries++;
	return 0;
}

/* Hot: once for every message on the bus. */
int store_stage_append(struct store_stage *stage, const struct wire_event *event)
{
	if (!is_plain(stage, event) || !fits(stage, event))
		return append_any(stage, event);
	append_plain(stage, event);
	return 0;
}

/* ---- runs ---- */

/* How many messages of the run have room, from `index` on. */
static uint32_t run_room(const struct store_stage *stage, const struct wire_run *run, uint32_t index)
{
	size_t bytes = stage->payloads.len;
	uint32_t most = STORE_BLOCK_EVENTS_MAX - stage->events, count = 0;
	if (most > run->count - index)
		most = run->count - index;
	if (bytes + run->payload_bytes <= STORE_BLOCK_PAYLOAD_BYTES)
		return most;
	while (count < most && (bytes += run->alike[index + count].payload_len) <= STORE_BLOCK_PAYLOAD_BYTES)
		count++;
	return count;
}

/* Column by column, which compilers make wide stores of. */
static void add_rows(struct store_stage *stage, const struct wire_event *like, const struct wire_run *run,
		     uint32_t index, uint32_t count)
{
	struct store__rows *rows = &stage->rows;
	uint32_t row = stage->events, subject = like->subject_memo->id,
		 receivers = like->receivers ? like->receivers_memo->id : 0;
	for (uint32_t i = 0; i < count; i++)
		rows->subject[row + i] = subject;
	for (uint32_t i = 0; i < count; i++)
		rows->receivers[row + i] = receivers;
	for (uint32_t i = 0; i < count; i++)
		rows->payload_bytes[row + i] = run->alike[index + i].payload_len;
}

/* Hot: once for every run on the bus. */
uint32_t store_stage_append_run(struct store_stage *stage, const struct wire_event *like,
				const struct wire_run *run, uint32_t index)
{
	size_t before = stage->payloads.len;
	/* The number of receivers alone is a sparse column. */
	if (!is_plain(stage, like) || (!like->receivers && like->receiver_count > 0))
		return 0;
	uint32_t count = run_room(stage, run, index);
	if (count == 0)
		return 0;
	note_moment(stage, like);
	add_rows(stage, like, run, index, count);
	for (uint32_t i = 0; i < count; i++)
		put_payload(&stage->payloads, wire_run_payload(run, index + i));
	stage->events += count;
	stage->messages += count;
	stage->payload_bytes += stage->payloads.len - before;
	stage->deliveries +=
	    (uint64_t)count * receiver_count(stage, like, like->receivers ? like->receivers_memo->id : 0);
	return count;
}

uint32_t store_stage_events(const struct store_stage *stage)
{
	return stage->events;
}

uint32_t store_stage_messages(const struct store_stage *stage)
{
	return stage->messages;
}

uint64_t store_stage_bytes(const struct store_stage *stage)
{
	return stage->payloads.len;
}

uint64_t store_stage_memory(const struct store_stage *stage)
{
	uint64_t slots =
	    (uint64_t)stage->subject_table.mask + stage->subscriber_table.mask + stage->set_table.mask + 3;
	return sizeof *stage + slots * sizeof(struct store__slot) + stage->payloads.cap + stage->replies.cap +
	       stage->details.cap + stage->delays.cap + stage->subjects.cap + stage->subject_text.cap +
	       stage->subscribers.cap + stage->subscriber_text.cap + stage->sets.cap + stage->members.cap;
}

int64_t store_stage_min_time_ns(const struct store_stage *stage)
{
	return stage->min_time_ns;
}

int64_t store_stage_max_time_ns(const struct store_stage *stage)
{
	return stage->max_time_ns;
}

uint64_t store_stage_max_conn(const struct store_stage *stage)
{
	return stage->max_conn;
}
