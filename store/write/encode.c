#include "store/write/encode.h"

#include <assert.h>

#include "store/format/columns.h"
#include "store/write/compress.h"
#include "store/write/rows.h"

/* What the dictionary says of a subject, and where its next record goes in the payload frame. */
struct tally {
	uint32_t events, messages;
	uint32_t unknown_receivers;  /* messages that may have other receivers than those that are known */
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
	struct store__buffer tallies; /* struct tally: no subject, then every subject */
	struct store__buffer raw;     /* the frame being built */
	struct store__buffer lengths; /* uint32_t: of the records in the payload frame */
	struct store__buffer block;
};

/* Memory that a buffer keeps from block to block. */
enum { KEEP_BYTES = 4 * STORE_BLOCK_PAYLOAD_BYTES };

/* A column whose runs are so long on average is written as runs, without asking what would be smaller. */
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
	store__buffer_fini(&encoder->tallies);
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

static struct tally *tallies_of(struct store_encoder *encoder)
{
	return (struct tally *)(void *)encoder->tallies.bytes;
}

/* Compress the frame that was built onto the end of the block. */
static int add_raw(struct store_encoder *encoder, struct store_frame_header *frame)
{
	const struct store__buffer *raw = &encoder->raw;
	return store__compress(encoder->compressor, raw->bytes, raw->len, &encoder->block, frame);
}

static void tally_event(struct tally *tally, const struct store__rows *rows, uint32_t i)
{
	uint64_t stored = (uint64_t)rows->headers_bytes[i] + rows->payload_bytes[i];
	tally->events++;
	tally->stored_bytes += stored;
	if (rows->kind[i] != WIRE_EVENT_MESSAGE)
		return;
	tally->messages++;
	tally->unknown_receivers += (rows->flags[i] & WIRE_EVENT_RECEIVERS_UNKNOWN) != 0;
	tally->unknown_publishers += (rows->flags[i] & WIRE_EVENT_PUBLISHER_UNKNOWN) != 0;
	tally->masked += (rows->flags[i] & WIRE_EVENT_MASKED) != 0;
	tally->payload_bytes += stored + rows->missing_bytes[i];
}

static void tally_plain(struct tally *tallies, const struct store__rows *rows, uint32_t events)
{
	for (uint32_t i = 0; i < events; i++) {
		struct tally *tally = &tallies[rows->subject[i]];
		tally->events++;
		tally->stored_bytes += rows->payload_bytes[i];
	}
}

/* Every value of a column equals its neighbour: the cheapest test for a constant there is. */
static bool is_constant(const void *column, size_t width, uint32_t count)
{
	const unsigned char *bytes = column;
	return memcmp(bytes, bytes + width, (count - 1) * width) == 0;
}

/* Sum up the events of every subject. Hot: a plain stage's sparse columns are not looked at, and when there is one
 * subject it is not counted. */
static int tally_subjects(struct store_encoder *encoder, const struct store_stage *stage)
{
	const struct store__rows *rows = &stage->rows;
	size_t bytes = ((size_t)store__stage_subjects(stage) + 1) * sizeof(struct tally);
	encoder->tallies.len = 0;
	if (store__buffer_reserve(&encoder->tallies, bytes))
		return -ENOMEM;
	struct tally *tallies = tallies_of(encoder);
	memset(tallies, 0, bytes);
	if (stage->sparse != 0) {
		for (uint32_t i = 0; i < stage->events; i++)
			tally_event(&tallies[rows->subject[i]], rows, i);
		return 0;
	}
	if (is_constant(rows->subject, sizeof *rows->subject, stage->events)) {
		tallies[rows->subject[0]].events = stage->events;
		tallies[rows->subject[0]].stored_bytes = stage->payloads.len;
	} else {
		tally_plain(tallies, rows, stage->events);
	}
	for (uint32_t i = 0; i <= store__stage_subjects(stage); i++) {
		tallies[i].messages = tallies[i].events;
		tallies[i].payload_bytes = tallies[i].stored_bytes;
	}
	return 0;
}

/* One number of every element of a table, as a column. */
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

/* A column of the dictionary that most blocks do not need: left out when all its values are 0. */
#define PUT_UNLESS_ZERO(encoder, id, count, expression)                    \
	do {                                                               \
		uint64_t any = 0;                                          \
		for (uint32_t i = 0; i < (count); i++)                     \
			any |= (expression);                               \
		if (any != 0)                                              \
			PUT_TABLE((encoder), (id), (count), (expression)); \
	} while (0)

static int build_dictionary(struct store_encoder *encoder, const struct store_stage *stage)
{
	uint32_t subjects = store__stage_subjects(stage);
	encoder->raw.len = 0;
	if (reserve_values(encoder, subjects) || tally_subjects(encoder, stage))
		return -ENOMEM;
	const struct tally *tallies = tallies_of(encoder) + 1;
	PUT_TABLE(encoder, STORE__SUBJECT_BYTES, subjects, store__stage_subject(stage, i)->len);
	PUT_TABLE(encoder, STORE__SUBJECT_EVENTS, subjects, tallies[i].events);
	PUT_TABLE(encoder, STORE__SUBJECT_MESSAGES, subjects, tallies[i].messages);
	PUT_TABLE(encoder, STORE__SUBJECT_PAYLOAD_BYTES, subjects, tallies[i].payload_bytes);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_UNKNOWN, subjects, tallies[i].unknown_receivers);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_UNKNOWN_PUBLISHERS, subjects, tallies[i].unknown_publishers);
	PUT_UNLESS_ZERO(encoder, STORE__SUBJECT_MASKED, subjects, tallies[i].masked);
	return store__column_put_bytes(&encoder->raw, STORE__SUBJECT_TEXT, stage->subject_text.bytes,
				       stage->subject_text.len);
}

/* The columns with a value an event: where they are in a stage. Width 0: the moments have it. */
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

static uint64_t moment_value(const struct store__moment *moment, enum store__event_column id)
{
	return id == STORE__TIME_NS ? (uint64_t)moment->time_ns : moment->conn;
}

/* The time or the connection of every event, as runs of events that share it. Returns how many there are. */
static uint32_t list_runs(const struct store_stage *stage, enum store__event_column id,
			  struct store__run *runs)
{
	const struct store__moment *moments = stage->rows.moments;
	uint32_t len = 0;
	for (uint32_t i = 0; i < stage->moments; i++) {
		uint32_t end = i + 1 < stage->moments ? moments[i + 1].first_row : stage->events;
		uint64_t value = moment_value(&moments[i], id);
		if (len == 0 || runs[len - 1].value != value)
			runs[len++] = (struct store__run){.value = value};
		runs[len - 1].count += end - moments[i].first_row;
	}
	return len;
}

static void expand(uint64_t *values, const struct store__run *runs, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		for (uint64_t j = 0; j < runs[i].count; j++)
			*values++ = runs[i].value;
}

static int put_moments(struct store_encoder *encoder, const struct store_stage *stage,
		       enum store__event_column id)
{
	encoder->runs.len = 0;
	if (store__buffer_reserve(&encoder->runs, stage->moments * sizeof(struct store__run)))
		return -ENOMEM;
	struct store__run *runs = (struct store__run *)(void *)encoder->runs.bytes;
	uint32_t len = list_runs(stage, id, runs);
	if (len == 1)
		return put_constant(encoder, id, runs[0].value, stage->events);
	if (len < stage->events / LONG_RUN)
		return store__column_put_runs(&encoder->raw, id, runs, len, stage->events);
	expand(values_of(encoder), runs, len);
	return store__column_put(&encoder->raw, id, values_of(encoder), stage->events);
}

static int put_row_column(struct store_encoder *encoder, const struct store_stage *stage,
			  const struct row_column *column)
{
	const unsigned char *from = (const unsigned char *)&stage->rows + column->offset;
	uint64_t *values = values_of(encoder);
	if (column->width == 0)
		return put_moments(encoder, stage, column->id);
	if (column->sparse && !(stage->sparse & 1u << column->id))
		return 0;
	if (is_constant(from, column->width, stage->events)) {
		widen(values, from, column->width, 1);
		return put_constant(encoder, column->id, values[0], stage->events);
	}
	widen(values, from, column->width, stage->events);
	return store__column_put(&encoder->raw, column->id, values, stage->events);
}

static int put_row_columns(struct store_encoder *encoder, const struct store_stage *stage)
{
	int error = reserve_values(encoder, stage->events);
	for (size_t i = 0; i < sizeof row_columns / sizeof *row_columns && !error; i++)
		error = put_row_column(encoder, stage, &row_columns[i]);
	return error;
}

static int put_subscribers(struct store_encoder *encoder, const struct store_stage *stage)
{
	uint32_t count = store__stage_subscribers(stage);
	if (reserve_values(encoder, count))
		return -ENOMEM;
	PUT_TABLE(encoder, STORE__SUBSCRIBER_CONN, count, store__stage_subscriber(stage, i)->conn);
	PUT_TABLE(encoder, STORE__SUBSCRIBER_SID_BYTES, count, store__stage_subscriber(stage, i)->sid_len);
	PUT_TABLE(encoder, STORE__SUBSCRIBER_QUEUE_BYTES, count,
		  store__stage_subscriber(stage, i)->queue_len);
	return store__column_put_bytes(&encoder->raw, STORE__SUBSCRIBER_TEXT, stage->subscriber_text.bytes,
				       stage->subscriber_text.len);
}

static int put_sets(struct store_encoder *encoder, const struct store_stage *stage)
{
	uint32_t sets = store__stage_sets(stage), members = store__stage_members(stage);
	if (reserve_values(encoder, sets > members ? sets : members))
		return -ENOMEM;
	PUT_TABLE(encoder, STORE__SET_LENGTH, sets, store__stage_set(stage, i)->count);
	PUT_TABLE(encoder, STORE__SET_MEMBERS, members, *store__stage_member(stage, i));
	return 0;
}

static int build_columns(struct store_encoder *encoder, const struct store_stage *stage)
{
	struct store__buffer *raw = &encoder->raw;
	raw->len = 0;
	if (put_row_columns(encoder, stage) ||
	    store__column_put_bytes(raw, STORE__REPLIES, stage->replies.bytes, stage->replies.len) ||
	    store__column_put_bytes(raw, STORE__DETAILS, stage->details.bytes, stage->details.len) ||
	    put_subscribers(encoder, stage) || put_sets(encoder, stage) ||
	    store__column_put(raw, STORE__DELAYS, (const uint64_t *)(const void *)stage->delays.bytes,
			      (uint32_t)(stage->delays.len / sizeof(uint64_t))))
		return -ENOMEM;
	return 0;
}

/* Where each subject's bytes begin; those of events without a subject come last. */
static void lay_out_subjects(struct store_encoder *encoder, uint32_t subjects)
{
	struct tally *tallies = tallies_of(encoder);
	uint64_t next = 0;
	uint32_t next_record = 0;
	for (uint32_t i = 1; i <= subjects; i++) {
		tallies[i].next = next;
		tallies[i].next_record = next_record;
		next += tallies[i].stored_bytes;
		next_record += tallies[i].events;
	}
	tallies[0].next = next;
	tallies[0].next_record = next_record;
}

static inline void copy(unsigned char *out, const unsigned char *from, size_t len)
{
	if (len == 16)
		memcpy(out, from, 16);
	else if (len > 0)
		memcpy(out, from, len);
}

/* Like stands beside like: messages of one subject look alike and compress better together. Needs the
 * tallies of the dictionary. */
static int group_payloads(struct store_encoder *encoder, const struct store_stage *stage)
{
	const struct store__rows *rows = &stage->rows;
	const unsigned char *from = stage->payloads.bytes;
	bool has_headers = stage->sparse & 1u << STORE__HEADERS_BYTES;
	uint32_t *lengths = lengths_of(encoder);
	encoder->raw.len = 0;
	if (store__buffer_reserve(&encoder->raw, stage->payloads.len))
		return -ENOMEM;
	lay_out_subjects(encoder, store__stage_subjects(stage));
	for (uint32_t i = 0; i < stage->events; i++) {
		struct tally *tally = &tallies_of(encoder)[rows->subject[i]];
		size_t len = (has_headers ? rows->headers_bytes[i] : 0) + (size_t)rows->payload_bytes[i];
		copy(encoder->raw.bytes + tally->next, from, len);
		lengths[tally->next_record++] = (uint32_t)len;
		tally->next += len;
		from += len;
	}
	encoder->raw.len = stage->payloads.len;
	return 0;
}

/* All events have the same subject, or none has one. Needs the tallies. */
static bool is_one_group(const struct tally *tallies, const struct store_stage *stage)
{
	return tallies[0].events == stage->events ||
	       (store__stage_subjects(stage) > 0 && tallies[1].events == stage->events);
}

/* The lengths of payloads that need not be grouped. */
static void note_lengths(struct store_encoder *encoder, const struct store_stage *stage)
{
	const struct store__rows *rows = &stage->rows;
	bool has_headers = stage->sparse & 1u << STORE__HEADERS_BYTES;
	for (uint32_t i = 0; i < stage->events; i++)
		lengths_of(encoder)[i] = (has_headers ? rows->headers_bytes[i] : 0) + rows->payload_bytes[i];
}

static int add_payloads(struct store_encoder *encoder, const struct store_stage *stage,
			struct store_block_header *header)
{
	const struct store__buffer *payloads = &stage->payloads;
	encoder->lengths.len = 0;
	if (store__buffer_reserve(&encoder->lengths, stage->events * sizeof(uint32_t)))
		return -ENOMEM;
	if (is_one_group(tallies_of(encoder), stage)) {
		note_lengths(encoder, stage);
	} else {
		if (group_payloads(encoder, stage))
			return -ENOMEM;
		payloads = &encoder->raw;
	}
	const struct store__records records = {.bytes = payloads->bytes,
					       .len = payloads->len,
					       .lengths = lengths_of(encoder),
					       .count = stage->events};
	return store__compress_records(encoder->compressor, &records, &encoder->block, header);
}

static int add_frames(struct store_encoder *encoder, const struct store_stage *stage,
		      struct store_block_header *header)
{
	struct store_frame_header *frames = header->frames;
	int error = build_dictionary(encoder, stage);
	error = error ? error : add_raw(encoder, &frames[STORE_FRAME_DICTIONARY]);
	error = error ? error : build_columns(encoder, stage);
	error = error ? error : add_raw(encoder, &frames[STORE_FRAME_COLUMNS]);
	return error ? error : add_payloads(encoder, stage, header);
}

int64_t store_encode(struct store_encoder *encoder, const struct store_stage *stage, uint64_t first_seq,
		     int level, const unsigned char **bytes, struct store_block_header *header)
{
	struct store_block_header made = {.first_seq = first_seq,
					  .events = stage->events,
					  .messages = stage->messages,
					  .min_time_ns = stage->min_time_ns,
					  .max_time_ns = stage->max_time_ns,
					  .kinds = stage->kinds,
					  .payload_bytes = stage->payload_bytes,
					  .deliveries = stage->deliveries,
					  .max_conn = stage->max_conn};
	assert(stage->events > 0);
	memcpy(made.log_id, encoder->log_id, sizeof made.log_id);
	store__compressor_set_level(encoder->compressor, level);
	store__buffer_shrink(&encoder->raw, KEEP_BYTES);
	store__buffer_shrink(&encoder->block, KEEP_BYTES);
	if (store__buffer_reserve(&encoder->block, STORE_BLOCK_HEADER_BYTES))
		return -ENOMEM;
	encoder->block.len = STORE_BLOCK_HEADER_BYTES;
	int error = add_frames(encoder, stage, &made);
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
