#include "store/write/encode.h"

#include <assert.h>

#include "store/format/columns_put.h"
#include "store/write/batch_layout.h"
#include "store/write/compress.h"

/* The dictionary's entry of a subject, and the place of its next record in the payload frame. */
struct subject_count {
	uint32_t events, messages;
	uint32_t unknown_receivers;  /* messages that may have other receivers besides the known ones */
	uint32_t unknown_publishers; /* messages */
	uint32_t masked;             /* messages */
	uint64_t payload_bytes, stored_bytes, next;
	uint32_t next_record;
};

struct store_encoder {
	struct store__compressor *compressor;
	uint8_t log_id[16];
	struct store__buffer values;  /* uint64_t: one column */
	struct store__buffer runs;    /* struct store__run: one column */
	struct store__buffer counts;  /* struct subject_count: no subject, then every subject */
	struct store__buffer raw;     /* the frame being built */
	struct store__buffer lengths; /* uint32_t: of the records in the payload frame */
	struct store__buffer block;
};

/* Memory that a buffer keeps from block to block. */
enum { KEEP_BYTES = 4 * STORE_BLOCK_PAYLOAD_BYTES };

/* A column whose runs have this length on average is written as runs, whatever would be smaller. */
enum { LONG_RUN = 64 };

struct store_encoder *store_encoder_open(void)
{
	struct store_encoder *encoder = calloc(1, sizeof *encoder);
	if (!encoder)
		return NULL;
	encoder->compressor = store__compressor_open();
	if (!encoder->compressor) {
		free(encoder);
		return NULL;
	}
	return encoder;
}

void store_encoder_close(struct store_encoder *encoder)
{
	if (!encoder)
		return;
	store__compressor_close(encoder->compressor);
	store__buffer_fini(&encoder->values);
	store__buffer_fini(&encoder->runs);
	store__buffer_fini(&encoder->counts);
	store__buffer_fini(&encoder->raw);
	store__buffer_fini(&encoder->lengths);
	store__buffer_fini(&encoder->block);
	free(encoder);
}

void store_encoder_set_log(struct store_encoder *encoder, const uint8_t log_id[16])
{
	memcpy(encoder->log_id, log_id, sizeof encoder->log_id);
}

static uint64_t *values_of(struct store_encoder *encoder)
{
	return (uint64_t *)(void *)encoder->values.bytes;
}

static uint32_t *lengths_of(struct store_encoder *encoder)
{
	return (uint32_t *)(void *)encoder->lengths.bytes;
}

static struct subject_count *counts_of(struct store_encoder *encoder)
{
	return (struct subject_count *)(void *)encoder->counts.bytes;
}

int store_encoder_set_dictionary(struct store_encoder *encoder, const unsigned char *dictionary, size_t len)
{
	return store__compressor_set_dictionary(encoder->compressor, dictionary, len);
}

void store_encoder_set_samples(struct store_encoder *encoder, struct store__samples *samples)
{
	store__compressor_set_samples(encoder->compressor, samples);
}

/* Compress the frame in raw and append it to the block. */
static int add_raw(struct store_encoder *encoder, struct store_frame_header *frame)
{
	const struct store__buffer *raw = &encoder->raw;
	return store__compress(encoder->compressor, raw->bytes, raw->len, &encoder->block, frame);
}

static void count_event(struct subject_count *count, const struct store__rows *rows, uint32_t i)
{
	uint64_t stored = (uint64_t)rows->headers_bytes[i] + rows->payload_bytes[i];
	count->events++;
	count->stored_bytes += stored;
	if (rows->kind[i] != WIRE_EVENT_MESSAGE)
		return;
	count->messages++;
	count->unknown_receivers += (rows->flags[i] & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
	count->unknown_publishers += (rows->flags[i] & WIRE_EVENT_PUBLISHER_UNKNOWN) != 0;
	count->masked += (rows->flags[i] & WIRE_EVENT_MASKED) != 0;
	count->payload_bytes += stored + rows->missing_bytes[i];
}

static void count_plain(struct subject_count *counts, const struct store__rows *rows, uint32_t events)
{
	for (uint32_t i = 0; i < events; i++) {
		struct subject_count *count = &counts[rows->subject[i]];
		count->events++;
		count->stored_bytes += rows->payload_bytes[i];
	}
}

/* Compare every value with its neighbour: the cheapest test for a constant. */
static bool is_constant(const void *column, size_t width, uint32_t count)
{
	const unsigned char *bytes = column;
	return memcmp(bytes, bytes + width, (count - 1) * width) == 0;
}

/* Sum up the events of every subject. Hot: reads no sparse column of a plain batch, and does not count when there is only
 * one subject. */
static int count_subjects(struct store_encoder *encoder, const struct store_batch *batch)
{
	const struct store__rows *rows = &batch->rows;
	size_t bytes = ((size_t)store__batch_subjects(batch) + 1) * sizeof(struct subject_count);
	encoder->counts.len = 0;
	if (store__buffer_reserve(&encoder->counts, bytes))
		return -ENOMEM;
	struct subject_count *counts = counts_of(encoder);
	memset(counts, 0, bytes);
	if (batch->sparse != 0) {
		for (uint32_t i = 0; i < batch->events; i++)
			count_event(&counts[rows->subject[i]], rows, i);
		return 0;
	}
	if (is_constant(rows->subject, sizeof *rows->subject, batch->events)) {
		counts[rows->subject[0]].events = batch->events;
		counts[rows->subject[0]].stored_bytes = batch->payloads.len;
	} else {
		count_plain(counts, rows, batch->events);
	}
	for (uint32_t i = 0; i <= store__batch_subjects(batch); i++) {
		counts[i].messages = counts[i].events;
		counts[i].payload_bytes = counts[i].stored_bytes;
	}
	return 0;
}

/* Write one number of every element of a table as a column. */
#define PUT_TABLE(encoder, id, count, expression)                              \
	do {                                                                   \
		uint64_t *values = values_of(encoder);                         \
		for (uint32_t i = 0; i < (count); i++)                         \
			values[i] = (expression);                              \
		if (store__column_put(&(encoder)->raw, (id), values, (count))) \
			return -ENOMEM;                                        \
	} while (0)

static int reserve_values(struct store_encoder *encoder, size_t count)
{
	encoder->values.len = 0;
	return store__buffer_reserve(&encoder->values, count * sizeof(uint64_t));
}

/* Put a column of the dictionary, unless all its values are 0, as in most blocks. */
#define PUT_UNLESS_ZERO(encoder, id, count, expression)                    \
	do {                                                               \
		uint64_t any = 0;                                          \
		for (uint32_t i = 0; i < (count); i++)                     \
			any |= (expression);                               \
		if (any != 0)                                              \
			PUT_TABLE((encoder), (id), (count), (expression)); \
	} while (0)

static int build_dictionary(struct store_encoder *encoder, const struct store_batch *batch)
{
	uint32_t subjects = store__batch_subjects(batch);
	encoder->raw.len = 0;
	if (reserve_values(encoder, subjects) || count_subjects(encoder, batch))
		return -ENOMEM;
	const struct subject_count *counts = counts_of(encoder) + 1;
	PUT_TABLE(encoder, STORE__SUBJECT_BYTES, subjects, store__batch_subject(batch, i)->len);
	PUT_TABLE(encoder, STORE__SUBJECT_EVENTS, subjects, counts[i].events);
	PUT_TABLE(encoder, STORE__SUBJECT_MESSAGES, subjects, counts[i].messages);
	PUT_TABLE(encoder, STORE__SUBJECT_PAYLOAD_BYTES, subjects, counts[i].payload_bytes);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_UNKNOWN, subjects, counts[i].unknown_receivers);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_UNKNOWN_PUBLISHERS, subjects, counts[i].unknown_publishers);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_MASKED, subjects, counts[i].masked);
	return store__column_put_bytes(&encoder->raw, STORE__SUBJECT_TEXT, batch->subject_text.bytes,
				       batch->subject_text.len);
}

/* The columns with a value for each event: where they are in a batch. Width 0: the value is in the origins. */
static const struct row_column {
	enum store__event_column id;
	bool sparse;
	size_t offset, width;
} row_columns[] = {
#define ROW(id, sparse, name)                                                                              \
	{                                                                                                  \
		id, sparse, offsetof(struct store__rows, name), sizeof(((struct store__rows *)0)->name[0]) \
	}
    ROW(STORE__KIND, true, kind),
    ROW(STORE__FLAGS, true, flags),
    {STORE__TIME_NS, false, 0, 0},
    {STORE__CONN, false, 0, 0},
    ROW(STORE__SUBJECT, false, subject),
    ROW(STORE__PAYLOAD_BYTES, false, payload_bytes),
    ROW(STORE__MISSING_BYTES, true, missing_bytes),
    ROW(STORE__HEADERS_BYTES, true, headers_bytes),
    ROW(STORE__REPLY_BYTES, true, reply_bytes),
    ROW(STORE__RECEIVERS, false, receivers),
    ROW(STORE__RECEIVER_COUNT, true, receiver_count),
    ROW(STORE__REFERS_TO, true, refers_to),
    ROW(STORE__DETAILS_BYTES, true, details_bytes),
    ROW(STORE__DELAYS_LENGTH, true, delays_len),
#undef ROW
};

static void widen(uint64_t *values, const unsigned char *from, size_t width, uint32_t count)
{
	const uint32_t *words = (const uint32_t *)(const void *)from;
	switch (width) {
	case 1:
		for (uint32_t i = 0; i < count; i++)
			values[i] = from[i];
		break;
	case 4:
		for (uint32_t i = 0; i < count; i++)
			values[i] = words[i];
		break;
	default: memcpy(values, from, count * sizeof *values); break;
	}
}

/* A missing column means zeros. */
static int put_constant(struct store_encoder *encoder, enum store__event_column id, uint64_t value,
			uint32_t count)
{
	return value == 0 ? 0 : store__column_put_constant(&encoder->raw, id, value, count);
}

static uint64_t origin_value(const struct store__origin *origin, enum store__event_column id)
{
	return id == STORE__TIME_NS ? (uint64_t)origin->time_ns : origin->conn;
}

/* List the time or the connection of all events as runs of events that share it. Returns the number of runs. */
static uint32_t list_runs(const struct store_batch *batch, enum store__event_column id,
			  struct store__run *runs)
{
	const struct store__origin *origins = batch->rows.origins;
	uint32_t len = 0;
	for (uint32_t i = 0; i < batch->origins; i++) {
		uint32_t end = i + 1 < batch->origins ? origins[i + 1].first_row : batch->events;
		uint64_t value = origin_value(&origins[i], id);
		if (len == 0 || runs[len - 1].value != value)
			runs[len++] = (struct store__run){.value = value};
		runs[len - 1].count += end - origins[i].first_row;
	}
	return len;
}

static void expand(uint64_t *values, const struct store__run *runs, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		for (uint64_t j = 0; j < runs[i].count; j++)
			*values++ = runs[i].value;
}

static int put_origins(struct store_encoder *encoder, const struct store_batch *batch,
		       enum store__event_column id)
{
	encoder->runs.len = 0;
	if (store__buffer_reserve(&encoder->runs, batch->origins * sizeof(struct store__run)))
		return -ENOMEM;
	struct store__run *runs = (struct store__run *)(void *)encoder->runs.bytes;
	uint32_t len = list_runs(batch, id, runs);
	if (len == 1)
		return put_constant(encoder, id, runs[0].value, batch->events);
	if (len < batch->events / LONG_RUN)
		return store__column_put_runs(&encoder->raw, id, runs, len, batch->events);
	expand(values_of(encoder), runs, len);
	return store__column_put(&encoder->raw, id, values_of(encoder), batch->events);
}

static int put_row_column(struct store_encoder *encoder, const struct store_batch *batch,
			  const struct row_column *column)
{
	const unsigned char *from = (const unsigned char *)&batch->rows + column->offset;
	uint64_t *values = values_of(encoder);
	if (column->width == 0)
		return put_origins(encoder, batch, column->id);
	if (column->sparse && !(batch->sparse & 1u << column->id))
		return 0;
	if (is_constant(from, column->width, batch->events)) {
		widen(values, from, column->width, 1);
		return put_constant(encoder, column->id, values[0], batch->events);
	}
	widen(values, from, column->width, batch->events);
	return store__column_put(&encoder->raw, column->id, values, batch->events);
}

static int put_row_columns(struct store_encoder *encoder, const struct store_batch *batch)
{
	int error = reserve_values(encoder, batch->events);
	for (size_t i = 0; i < sizeof row_columns / sizeof *row_columns && !error; i++)
		error = put_row_column(encoder, batch, &row_columns[i]);
	return error;
}

static int put_subscribers(struct store_encoder *encoder, const struct store_batch *batch)
{
	uint32_t count = store__batch_subscribers(batch);
	if (reserve_values(encoder, count))
		return -ENOMEM;
	PUT_TABLE(encoder, STORE__SUBSCRIBER_CONN, count, store__batch_subscriber(batch, i)->conn);
	PUT_TABLE(encoder, STORE__SUBSCRIBER_SID_BYTES, count, store__batch_subscriber(batch, i)->sid_len);
	PUT_TABLE(encoder, STORE__SUBSCRIBER_QUEUE_BYTES, count,
		  store__batch_subscriber(batch, i)->queue_len);
	return store__column_put_bytes(&encoder->raw, STORE__SUBSCRIBER_TEXT, batch->subscriber_text.bytes,
				       batch->subscriber_text.len);
}

static int put_sets(struct store_encoder *encoder, const struct store_batch *batch)
{
	uint32_t sets = store__batch_sets(batch), members = store__batch_members(batch);
	if (reserve_values(encoder, sets > members ? sets : members))
		return -ENOMEM;
	PUT_TABLE(encoder, STORE__SET_LENGTH, sets, store__batch_set(batch, i)->count);
	PUT_TABLE(encoder, STORE__SET_MEMBERS, members, *store__batch_member(batch, i));
	return 0;
}

static int build_columns(struct store_encoder *encoder, const struct store_batch *batch)
{
	struct store__buffer *raw = &encoder->raw;
	raw->len = 0;
	if (put_row_columns(encoder, batch) ||
	    store__column_put_bytes(raw, STORE__REPLIES, batch->replies.bytes, batch->replies.len) ||
	    store__column_put_bytes(raw, STORE__DETAILS, batch->details.bytes, batch->details.len) ||
	    put_subscribers(encoder, batch) || put_sets(encoder, batch) ||
	    store__column_put(raw, STORE__DELAYS, (const uint64_t *)(const void *)batch->delays.bytes,
			      (uint32_t)(batch->delays.len / sizeof(uint64_t))))
		return -ENOMEM;
	return 0;
}

/* Compute where the bytes of each subject begin; those of events without a subject come last. */
static void lay_out_subjects(struct store_encoder *encoder, uint32_t subjects)
{
	struct subject_count *counts = counts_of(encoder);
	uint64_t next = 0;
	uint32_t next_record = 0;
	for (uint32_t i = 1; i <= subjects; i++) {
		counts[i].next = next;
		counts[i].next_record = next_record;
		next += counts[i].stored_bytes;
		next_record += counts[i].events;
	}
	counts[0].next = next;
	counts[0].next_record = next_record;
}

static inline void copy(unsigned char *out, const unsigned char *from, size_t len)
{
	if (len == 16)
		memcpy(out, from, 16);
	else if (len > 0)
		memcpy(out, from, len);
}

/* Group the payloads by subject: messages of one subject resemble each other and compress better together. Needs the
 * counts of the dictionary. */
static int group_payloads(struct store_encoder *encoder, const struct store_batch *batch)
{
	const struct store__rows *rows = &batch->rows;
	const unsigned char *from = batch->payloads.bytes;
	bool has_headers = batch->sparse & 1u << STORE__HEADERS_BYTES;
	uint32_t *lengths = lengths_of(encoder);
	encoder->raw.len = 0;
	if (store__buffer_reserve(&encoder->raw, batch->payloads.len))
		return -ENOMEM;
	lay_out_subjects(encoder, store__batch_subjects(batch));
	for (uint32_t i = 0; i < batch->events; i++) {
		struct subject_count *count = &counts_of(encoder)[rows->subject[i]];
		size_t len = (has_headers ? rows->headers_bytes[i] : 0) + (size_t)rows->payload_bytes[i];
		copy(encoder->raw.bytes + count->next, from, len);
		lengths[count->next_record++] = (uint32_t)len;
		count->next += len;
		from += len;
	}
	encoder->raw.len = batch->payloads.len;
	return 0;
}

/* All events have the same subject, or none has one. Needs the counts. */
static bool is_one_group(const struct subject_count *counts, const struct store_batch *batch)
{
	return counts[0].events == batch->events ||
	       (store__batch_subjects(batch) > 0 && counts[1].events == batch->events);
}

/* Note the lengths of payloads that need not be grouped. */
static void note_lengths(struct store_encoder *encoder, const struct store_batch *batch)
{
	const struct store__rows *rows = &batch->rows;
	bool has_headers = batch->sparse & 1u << STORE__HEADERS_BYTES;
	for (uint32_t i = 0; i < batch->events; i++)
		lengths_of(encoder)[i] = (has_headers ? rows->headers_bytes[i] : 0) + rows->payload_bytes[i];
}

static int add_payloads(struct store_encoder *encoder, const struct store_batch *batch,
			struct store_block_header *header)
{
	const struct store__buffer *payloads = &batch->payloads;
	encoder->lengths.len = 0;
	if (store__buffer_reserve(&encoder->lengths, batch->events * sizeof(uint32_t)))
		return -ENOMEM;
	if (is_one_group(counts_of(encoder), batch)) {
		note_lengths(encoder, batch);
	} else {
		if (group_payloads(encoder, batch))
			return -ENOMEM;
		payloads = &encoder->raw;
	}
	const struct store__records records = {.bytes = payloads->bytes,
					       .len = payloads->len,
					       .lengths = lengths_of(encoder),
					       .count = batch->events};
	return store__compress_records(encoder->compressor, &records, &encoder->block, header);
}

static int add_frames(struct store_encoder *encoder, const struct store_batch *batch,
		      struct store_block_header *header)
{
	struct store_frame_header *frames = header->frames;
	int error = build_dictionary(encoder, batch);
	error = error ? error : add_raw(encoder, &frames[STORE_FRAME_DICTIONARY]);
	error = error ? error : build_columns(encoder, batch);
	error = error ? error : add_raw(encoder, &frames[STORE_FRAME_COLUMNS]);
	return error ? error : add_payloads(encoder, batch, header);
}

int64_t store_encode(struct store_encoder *encoder, const struct store_batch *batch, uint64_t first_seq,
		     int level, const unsigned char **bytes, struct store_block_header *header)
{
	struct store_block_header made = {.first_seq = first_seq,
					  .events = batch->events,
					  .messages = batch->messages,
					  .min_time_ns = batch->min_time_ns,
					  .max_time_ns = batch->max_time_ns,
					  .kinds = batch->kinds,
					  .payload_bytes = batch->payload_bytes,
					  .deliveries = batch->deliveries,
					  .max_conn = batch->max_conn};
	assert(batch->events > 0);
	memcpy(made.log_id, encoder->log_id, sizeof made.log_id);
	store__compressor_set_level(encoder->compressor, level);
	store__buffer_shrink(&encoder->raw, KEEP_BYTES);
	store__buffer_shrink(&encoder->block, KEEP_BYTES);
	if (store__buffer_reserve(&encoder->block, STORE_BLOCK_HEADER_BYTES))
		return -ENOMEM;
	encoder->block.len = STORE_BLOCK_HEADER_BYTES;
	int error = add_frames(encoder, batch, &made);
	if (error)
		return error;
	store_block_header_put(encoder->block.bytes, &made);
	*bytes = encoder->block.bytes;
	if (header)
		*header = made;
	return (int64_t)encoder->block.len;
}

void store_encoder_number(struct store_encoder *encoder, uint64_t first_seq,
			  struct store_block_header *header)
{
	header->first_seq = first_seq;
	store_block_header_put(encoder->block.bytes, header);
}
