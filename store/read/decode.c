#include "store/read/decode.h"

#include <xxhash.h>

#include "store/format/block.h"
#include "store/format/columns_get.h"
#include "store/format/details.h"
#include "store/format/fields_get.h"
#include "store/write/batch_layout.h"

/* Memory that each buffer keeps from block to block. */
enum { KEEP_BYTES = 4 * STORE_BLOCK_PAYLOAD_BYTES };

struct store_block *store_block_open(void)
{
	struct store_block *block = calloc(1, sizeof *block);
	if (block && !(block->zstd = ZSTD_createDCtx())) {
		free(block);
		return NULL;
	}
	return block;
}

void store_block_close(struct store_block *block)
{
	if (!block)
		return;
	ZSTD_freeDCtx(block->zstd);
	for (int i = 0; i < STORE_FRAMES; i++)
		store__buffer_fini(&block->raw[i]);
	store__columns_fini(block->dictionary, STORE__DICTIONARY_COLUMNS);
	store__columns_fini(block->columns, STORE__EVENT_COLUMNS);
	store__buffer_fini(&block->subjects);
	store__buffer_fini(&block->subscribers);
	store__buffer_fini(&block->receivers);
	store__buffer_fini(&block->spans);
	store__buffer_fini(&block->delays);
	store__buffer_fini(&block->payloads.at);
	store__buffer_fini(&block->replies.at);
	store__buffer_fini(&block->details.at);
	store__buffer_fini(&block->delay_places.at);
	store__buffer_fini(&block->groups);
	store__buffer_fini(&block->fields);
	store__buffer_fini(&block->fields_scratch);
	free(block);
}

void store_block_begin(struct store_block *block, const struct store_block_header *header)
{
	block->header = *header;
	block->has_payloads = false;
	block->subjects_len = 0;
	block->payloads.found = block->replies.found = false;
	block->details.found = block->delay_places.found = false;
}

void store_block_set_zstd_dictionary(struct store_block *block, const struct ZSTD_DDict_s *dictionary)
{
	block->zstd_dictionary = dictionary;
}

/* Unpack to exactly raw_bytes in `out`, replacing what is there. Equal sizes mean that the bytes are not compressed. */
static int unpack_bytes(struct store_block *block, struct store__buffer *out, size_t raw_bytes,
			const unsigned char *stored, size_t stored_bytes)
{
	store__buffer_shrink(out, KEEP_BYTES);
	if (store__buffer_reserve(out, raw_bytes + 1))
		return -ENOMEM;
	if (stored_bytes == raw_bytes) {
		store__buffer_put(out, stored, stored_bytes);
		return 0;
	}
	size_t len = block->zstd_dictionary
			 ? ZSTD_decompress_usingDDict(block->zstd, out->bytes, raw_bytes, stored,
						      stored_bytes, block->zstd_dictionary)
			 : ZSTD_decompressDCtx(block->zstd, out->bytes, raw_bytes, stored, stored_bytes);
	if (ZSTD_isError(len) || len != raw_bytes)
		return STORE_EDAMAGE;
	out->len = len;
	return 0;
}

/* Unpack the fields, then join them to records. */
static int unpack_fields(struct store_block *block, const struct store_frame_header *header,
			 const unsigned char *stored)
{
	struct store__buffer *raw = &block->raw[STORE_FRAME_PAYLOADS];
	if (header->stored_bytes < STORE_FIELDS_HEADER_BYTES)
		return STORE_EDAMAGE;
	uint32_t fields_bytes = store__get_u32(stored);
	if (fields_bytes > header->raw_bytes)
		return STORE_EDAMAGE;
	int error = unpack_bytes(block, &block->fields, fields_bytes, stored + STORE_FIELDS_HEADER_BYTES,
				 header->stored_bytes - STORE_FIELDS_HEADER_BYTES);
	store__buffer_shrink(raw, KEEP_BYTES);
	if (!error && store__buffer_reserve(raw, (size_t)header->raw_bytes + 1))
		error = -ENOMEM;
	if (!error)
		error = store__fields_get(&block->fields_scratch, block->fields.bytes, block->fields.len,
					  raw->bytes, header->raw_bytes);
	raw->len = error ? 0 : header->raw_bytes;
	return error;
}

/* Check and unpack a frame into raw[frame]. */
static int unpack(struct store_block *block, enum store_frame frame, const unsigned char *stored)
{
	const struct store_frame_header *header = &block->header.frames[frame];
	if (header->raw_bytes > STORE_FRAME_RAW_MAX ||
	    XXH3_64bits(stored, header->stored_bytes) != header->checksum)
		return STORE_EDAMAGE;
	if (frame == STORE_FRAME_PAYLOADS && block->header.payload_form == STORE_PAYLOADS_FIELDS)
		return unpack_fields(block, header, stored);
	return unpack_bytes(block, &block->raw[frame], header->raw_bytes, stored, header->stored_bytes);
}

/* A column of a table of `count` rows: a value each, or missing. */
static bool has_rows(const struct store__column *column, uint32_t count)
{
	return !column->seen || column->count == count;
}

/* Numbers of events by subject. */
static bool are_event_counts(const struct store__column *column, uint32_t subjects, uint32_t events)
{
	return has_rows(column, subjects) && store__column_is_within(column, events);
}

static bool is_dictionary(const struct store__column *columns, uint32_t subjects, uint32_t events)
{
	return subjects <= events && are_event_counts(&columns[STORE__SUBJECT_EVENTS], subjects, events) &&
	       are_event_counts(&columns[STORE__SUBJECT_MESSAGES], subjects, events) &&
	       are_event_counts(&columns[STORE__SUBJECT_UNKNOWN], subjects, events) &&
	       are_event_counts(&columns[STORE__SUBJECT_UNKNOWN_PUBLISHERS], subjects, events) &&
	       are_event_counts(&columns[STORE__SUBJECT_MASKED], subjects, events) &&
	       has_rows(&columns[STORE__SUBJECT_PAYLOAD_BYTES], subjects) &&
	       store__column_adds_up(&columns[STORE__SUBJECT_BYTES], subjects,
				     columns[STORE__SUBJECT_TEXT].bytes.len);
}

static int index_dictionary(struct store_block *block)
{
	const struct store__buffer *raw = &block->raw[STORE_FRAME_DICTIONARY];
	struct store__column *columns = block->dictionary;
	int error = store__columns_read(columns, STORE__DICTIONARY_COLUMNS, raw->bytes, raw->len);
	if (error)
		return error;
	uint32_t subjects = columns[STORE__SUBJECT_BYTES].count;
	if (!is_dictionary(columns, subjects, block->header.events))
		return STORE_EDAMAGE;
	block->subjects.len = 0;
	if (store__buffer_reserve(&block->subjects, subjects * sizeof(struct store_block_subject)))
		return -ENOMEM;
	const char *text = columns[STORE__SUBJECT_TEXT].bytes.data;
	for (uint32_t i = 0; i < subjects; i++) {
		size_t len = store__column_at(&columns[STORE__SUBJECT_BYTES], i);
		*store__subject_at(block, i) = (struct store_block_subject){
		    .subject = wire_slice(text, len),
		    .events = (uint32_t)store__column_at(&columns[STORE__SUBJECT_EVENTS], i),
		    .messages = (uint32_t)store__column_at(&columns[STORE__SUBJECT_MESSAGES], i),
		    .payload_bytes = store__column_at(&columns[STORE__SUBJECT_PAYLOAD_BYTES], i),
		    .unknown_receivers = (uint32_t)store__column_at(&columns[STORE__SUBJECT_UNKNOWN], i),
		    .unknown_publishers =
			(uint32_t)store__column_at(&columns[STORE__SUBJECT_UNKNOWN_PUBLISHERS], i),
		    .masked = (uint32_t)store__column_at(&columns[STORE__SUBJECT_MASKED], i)};
		text = len > 0 ? text + len : text;
	}
	block->subjects_len = subjects;
	return 0;
}

static int index_subscribers(struct store_block *block, uint32_t count)
{
	const struct store__column *sids = &block->columns[STORE__SUBSCRIBER_SID_BYTES];
	const struct store__column *queues = &block->columns[STORE__SUBSCRIBER_QUEUE_BYTES];
	struct wire_slice text = block->columns[STORE__SUBSCRIBER_TEXT].bytes;
	struct store__cursor in = store__cursor(text.data, text.len);
	if (!has_rows(sids, count) || !has_rows(queues, count))
		return STORE_EDAMAGE;
	store__buffer_shrink(&block->subscribers, KEEP_BYTES);
	if (store__buffer_reserve(&block->subscribers, count * sizeof(struct wire_receiver)))
		return -ENOMEM;
	struct wire_receiver *list = (struct wire_receiver *)(void *)block->subscribers.bytes;
	for (uint32_t i = 0; i < count; i++) {
		size_t sid_len = store__column_at(sids, i), queue_len = store__column_at(queues, i);
		list[i] =
		    (struct wire_receiver){.conn = store__block_number(block, STORE__SUBSCRIBER_CONN, i)};
		list[i].sid = wire_slice((const char *)store__get_bytes(&in, sid_len), sid_len);
		list[i].queue = wire_slice((const char *)store__get_bytes(&in, queue_len), queue_len);
	}
	return in.bad || store__left(&in) > 0 ? STORE_EDAMAGE : 0;
}

/* Replace the members of all sets, which are numbers, by receivers. */
static int index_members(struct store_block *block, uint32_t subscribers)
{
	const struct store__column *members = &block->columns[STORE__SET_MEMBERS];
	const struct wire_receiver *list = (const struct wire_receiver *)(void *)block->subscribers.bytes;
	store__buffer_shrink(&block->receivers, KEEP_BYTES);
	if (store__buffer_reserve(&block->receivers, ((size_t)members->count + 1) * sizeof *list))
		return -ENOMEM;
	for (uint32_t i = 0; i < members->count; i++) {
		uint64_t member = store__column_at(members, i), subscriber = member >> STORE__OUTCOME_BITS;
		unsigned outcome = member & ((1u << STORE__OUTCOME_BITS) - 1);
		if (subscriber >= subscribers || outcome >= WIRE_OUTCOMES)
			return STORE_EDAMAGE;
		*store__block_receiver(block, i) = list[subscriber];
		store__block_receiver(block, i)->outcome = (enum wire_outcome)outcome;
	}
	return 0;
}

static void index_spans(struct store_block *block, uint32_t sets)
{
	const struct store__column *lengths = &block->columns[STORE__SET_LENGTH];
	uint32_t offset = 0;
	for (uint32_t i = 0; i < sets; i++) {
		struct store__span span = {.offset = offset, .count = (uint32_t)store__column_at(lengths, i)};
		offset += span.count;
		for (uint32_t j = span.offset; j < offset; j++)
			span.sent += store__block_receiver(block, j)->outcome == WIRE_SENT;
		*store__block_span(block, i) = span;
	}
}

static int index_receivers(struct store_block *block)
{
	const struct store__column *columns = block->columns;
	uint32_t subscribers = columns[STORE__SUBSCRIBER_CONN].count, sets = columns[STORE__SET_LENGTH].count;
	if (!store__column_is_within(&columns[STORE__RECEIVERS], sets) ||
	    !store__column_adds_up(&columns[STORE__SET_LENGTH], sets, columns[STORE__SET_MEMBERS].count))
		return STORE_EDAMAGE;
	int error = index_subscribers(block, subscribers);
	error = error ? error : index_members(block, subscribers);
	block->spans.len = 0;
	if (!error && store__buffer_reserve(&block->spans, sets * sizeof(struct store__span)))
		error = -ENOMEM;
	if (!error)
		index_spans(block, sets);
	return error;
}

/* An event has as many delivery times as receivers, or none. */
static bool delays_match(const struct store_block *block)
{
	for (uint32_t i = 0; i < block->header.events; i++) {
		uint64_t len = store__block_number(block, STORE__DELAYS_LENGTH, i);
		uint32_t set = (uint32_t)store__block_number(block, STORE__RECEIVERS, i);
		if (len > 0 && (set == 0 || store__block_span(block, set - 1)->count != len))
			return false;
	}
	return true;
}

/* Needs the receivers. Costs nothing where no delivery times were recorded. */
static int index_delays(struct store_block *block)
{
	const struct store__column *lengths = &block->columns[STORE__DELAYS_LENGTH];
	const struct store__column *delays = &block->columns[STORE__DELAYS];
	if (!store__column_adds_up(lengths, block->header.events, delays->count))
		return STORE_EDAMAGE;
	if (delays->count == 0)
		return 0;
	if (!delays_match(block))
		return STORE_EDAMAGE;
	store__buffer_shrink(&block->delays, KEEP_BYTES);
	block->delay_places.at.len = 0;
	if (store__buffer_reserve(&block->delays, delays->count * sizeof(int64_t)) ||
	    store__buffer_reserve(&block->delay_places.at, block->header.events * sizeof(uint32_t)))
		return -ENOMEM;
	int64_t *list = (int64_t *)(void *)block->delays.bytes;
	for (uint32_t i = 0; i < delays->count; i++)
		list[i] = store__delay_get(store__column_at(delays, i));
	return 0;
}

static bool rows_are_sound(const struct store_block *block)
{
	const struct store__column *columns = block->columns;
	uint32_t events = block->header.events;
	for (int i = 1; i < STORE__ROW_COLUMNS; i++)
		if (!has_rows(&columns[i], events))
			return false;
	return store__column_is_within(&columns[STORE__KIND], WIRE_EVENT_KINDS - 1) &&
	       store__column_is_within(&columns[STORE__FLAGS], UINT32_MAX) &&
	       store__column_is_within(&columns[STORE__SUBJECT], block->subjects_len) &&
	       store__column_is_within(&columns[STORE__RECEIVER_COUNT], UINT32_MAX) &&
	       store__column_adds_up(&columns[STORE__REPLY_BYTES], events,
				     columns[STORE__REPLIES].bytes.len) &&
	       store__column_adds_up(&columns[STORE__DETAILS_BYTES], events,
				     columns[STORE__DETAILS].bytes.len);
}

/* Headers and payloads fill the payload frame exactly. */
static bool payloads_add_up(const struct store_block *block)
{
	const struct store__column *headers = &block->columns[STORE__HEADERS_BYTES];
	const struct store__column *payloads = &block->columns[STORE__PAYLOAD_BYTES];
	uint64_t total = 0;
	if (!store__column_is_within(headers, UINT32_MAX) || !store__column_is_within(payloads, UINT32_MAX))
		return false;
	for (uint32_t i = 0; i < block->header.events; i++)
		total += store__column_at(headers, i) + store__column_at(payloads, i);
	return total == block->header.frames[STORE_FRAME_PAYLOADS].raw_bytes;
}

static bool details_are_sound(const struct store_block *block)
{
	struct wire_slice details = block->columns[STORE__DETAILS].bytes;
	struct wire_event event;
	struct wire_client client;
	for (uint32_t i = 0; i < block->header.events && details.len > 0; i++) {
		uint64_t len = store__block_number(block, STORE__DETAILS_BYTES, i);
		if (!store__details_get(details.data, len, &event, &client))
			return false;
		details = wire_slice(details.data + len, details.len - len);
	}
	return true;
}

/* Room for the places of all events, so that reading an event cannot fail. */
static int reserve_places(struct store_block *block)
{
	size_t bytes = block->header.events * sizeof(uint32_t);
	block->payloads.at.len = block->replies.at.len = block->details.at.len = block->groups.len = 0;
	if (store__buffer_reserve(&block->payloads.at, bytes) ||
	    store__buffer_reserve(&block->replies.at, bytes) ||
	    store__buffer_reserve(&block->details.at, bytes) ||
	    store__buffer_reserve(&block->groups, ((size_t)block->subjects_len + 1) * sizeof(uint32_t)))
		return -ENOMEM;
	return 0;
}

static int index_columns(struct store_block *block)
{
	const struct store__buffer *raw = &block->raw[STORE_FRAME_COLUMNS];
	int error = store__columns_read(block->columns, STORE__EVENT_COLUMNS, raw->bytes, raw->len);
	if (error)
		return error;
	if (!rows_are_sound(block) || !payloads_add_up(block) || !details_are_sound(block))
		return STORE_EDAMAGE;
	error = index_receivers(block);
	error = error ? error : index_delays(block);
	return error ? error : reserve_places(block);
}

int store_block_load(struct store_block *block, enum store_frame frame, const unsigned char *stored)
{
	int error = unpack(block, frame, stored);
	if (error)
		return error;
	switch (frame) {
	case STORE_FRAME_DICTIONARY: return index_dictionary(block);
	case STORE_FRAME_COLUMNS: return index_columns(block);
	default: block->has_payloads = true; return 0;
	}
}

bool store_block_has_payloads(const struct store_block *block)
{
	return block->has_payloads;
}

uint32_t store_block_subjects(const struct store_block *block)
{
	return block->subjects_len;
}

const struct store_block_subject *store_block_subject(const struct store_block *block, uint32_t index)
{
	return store__subject_at(block, index);
}

enum wire_event_kind store_block_kind(const struct store_block *block, uint32_t index)
{
	return (enum wire_event_kind)store__block_number(block, STORE__KIND, index);
}

int64_t store_block_time_ns(const struct store_block *block, uint32_t index)
{
	return (int64_t)store__block_number(block, STORE__TIME_NS, index);
}

uint64_t store_block_conn(const struct store_block *block, uint32_t index)
{
	return store__block_number(block, STORE__CONN, index);
}

uint32_t store_block_subject_of(const struct store_block *block, uint32_t index)
{
	return (uint32_t)store__block_number(block, STORE__SUBJECT, index) - 1;
}

uint64_t store_block_size(const struct store_block *block, uint32_t index)
{
	return store__block_number(block, STORE__PAYLOAD_BYTES, index) +
	       store__block_number(block, STORE__MISSING_BYTES, index);
}

bool store_block_holds(const struct store_block *block, struct wire_slice bytes)
{
	for (int i = 0; i < STORE_FRAMES; i++)
		if (memmem(block->raw[i].bytes, block->raw[i].len, bytes.data, bytes.len))
			return true;
	return false;
}
