/* columns.h - frames made of tagged columns: ids, encodings, and a column in memory. Internal to store.
 *
 * Ids and encodings are part of the format (docs/format.md): append, never renumber. */
#ifndef STORE_FORMAT_COLUMNS_H
#define STORE_FORMAT_COLUMNS_H

#include "store/format/bytes.h"
#include "store/format/format.h"

/* Columns of the dictionary frame: a value a subject. */
enum store__dictionary_column {
	STORE__SUBJECT_BYTES = 1,
	STORE__SUBJECT_EVENTS = 2,
	STORE__SUBJECT_MESSAGES = 3,
	STORE__SUBJECT_PAYLOAD_BYTES = 4,
	STORE__SUBJECT_TEXT = 5,               /* bytes */
	STORE__SUBJECT_UNKNOWN = 6,            /* messages with unknown receivers */
	STORE__SUBJECT_UNKNOWN_PUBLISHERS = 7, /* messages with an unknown publisher */
	STORE__SUBJECT_MASKED = 8,             /* masked messages */
	STORE__DICTIONARY_COLUMNS
};

/* Columns of the columns frame. */
enum store__event_column {
	/* A value an event. */
	STORE__KIND = 1,
	STORE__FLAGS = 2,
	STORE__TIME_NS = 3,
	STORE__CONN = 4,
	STORE__SUBJECT = 5,
	STORE__PAYLOAD_BYTES = 6,
	STORE__MISSING_BYTES = 7,
	STORE__HEADERS_BYTES = 8,
	STORE__REPLY_BYTES = 9,
	STORE__RECEIVERS = 10,
	STORE__RECEIVER_COUNT = 11,
	STORE__REFERS_TO = 12,
	STORE__DETAILS_BYTES = 13,
	STORE__DELAYS_LENGTH = 14,
	STORE__ROW_COLUMNS, /* all ids below */
	/* Bytes of events. */
	STORE__REPLIES = 16,
	STORE__DETAILS = 17,
	/* A value a subscriber, a set, a member of a set. */
	STORE__SUBSCRIBER_CONN = 18,
	STORE__SUBSCRIBER_SID_BYTES = 19,
	STORE__SUBSCRIBER_QUEUE_BYTES = 20,
	STORE__SUBSCRIBER_TEXT = 21, /* bytes */
	STORE__SET_LENGTH = 22,
	STORE__SET_MEMBERS = 23,
	/* A value a receiver of an event, for events whose delivery times are known. */
	STORE__DELAYS = 24,
	STORE__EVENT_COLUMNS
};

enum store__encoding {
	STORE__CONSTANT = 0,   /* one varint for all values */
	STORE__FIXED = 1,      /* width (1, 2, 4, 8), base varint; then value - base in `width` bytes each */
	STORE__VARINT = 2,     /* base varint; then value - base as a varint each */
	STORE__DELTA = 3,      /* zigzag varint each: difference to the value before; of the first, to 0 */
	STORE__RUNS = 4,       /* varint pairs: value, how many times */
	STORE__DELTA_RUNS = 5, /* varint pairs: zigzag difference, how many times it is added */
	STORE__BYTES = 6,      /* bytes instead of numbers; count is their number */
};

/* Bounds on a reader's memory: columns with ids below 16 have at most STORE_BLOCK_EVENTS_MAX values, others
 * (subscribers, sets and their members) STORE__VALUES_MAX. */
enum { STORE__SMALL_COLUMNS = 16, STORE__VALUES_MAX = 1 << 20 };

/* The same value `count` > 0 times. */
struct store__run {
	uint64_t value, count;
};

/* A delivery time as it is stored: 0 = unknown, else 1 + its zigzag. */
static inline uint64_t store__delay_put(int64_t delay_ns)
{
	return store__zigzag(delay_ns) + 1; /* WIRE_DELAY_UNKNOWN has the largest zigzag of all */
}

static inline int64_t store__delay_get(uint64_t stored)
{
	return store__unzigzag(stored - 1);
}

/* A column in memory. A constant is stored once, with mask 0, so that it is never expanded and read like any other. Do not
 * move it: `values` may point into the struct itself. */
struct store__column {
	const uint64_t *values;
	uint32_t mask;
	uint32_t count;          /* values; 0 when missing */
	uint64_t constant;       /* when mask is 0 */
	struct wire_slice bytes; /* a column of bytes: points into the frame */
	struct store__buffer memory;
	bool seen;
};

static inline uint64_t store__column_at(const struct store__column *column, uint32_t index)
{
	return column->values[index & column->mask];
}

static inline bool store__column_is_constant(const struct store__column *column)
{
	return column->mask == 0;
}

#endif
