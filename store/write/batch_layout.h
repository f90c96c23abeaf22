/* batch_layout.h - the columns and tables of a batch, which append.c fills and encode.c reads. Internal to store. */
#ifndef STORE_WRITE_BATCH_LAYOUT_H
#define STORE_WRITE_BATCH_LAYOUT_H

#include "store/format/bytes.h"
#include "store/format/table.h"
#include "store/write/batch.h"

/* A distinct subject, in subject_text. */
struct store__subject {
	uint32_t offset, len;
};

/* A distinct (connection, sid, queue group). */
struct store__subscriber {
	uint64_t conn;
	uint32_t offset; /* of sid, then queue, in subscriber_text */
	uint32_t sid_len, queue_len;
	uint32_t alone; /* index + 1 of the set that holds only this one, with outcome sent; 0: none yet */
};

/* A distinct list of receivers: `count` members from `offset` on, `sent` of which got the message. */
struct store__set {
	uint32_t offset, count, sent;
};

/* A member of a set, in memory and in its column on disk: a subscriber and the outcome of the message there. */
enum { STORE__OUTCOME_BITS = 3 };

static inline uint32_t store__member(uint32_t subscriber, enum wire_outcome outcome)
{
	return subscriber << STORE__OUTCOME_BITS | (uint32_t)outcome;
}

/* Time and connection, which the events of one read share: the events from first_row on, up to the next origin's. */
struct store__origin {
	int64_t time_ns;
	uint64_t conn;
	uint32_t first_row;
};

/* Events by columns, as on disk. Each column is a cache line longer than a power of two: otherwise the ends of all columns
 * would compete for one set of the first-level cache. */
#define STORE__COLUMN(type, name) type name[STORE_BLOCK_EVENTS_MAX + 64 / sizeof(type)]

struct store__rows {
	/* One more where time or connection changes. */
	STORE__COLUMN(struct store__origin, origins);
	/* Written for every event. */
	STORE__COLUMN(uint32_t, subject); /* index + 1; 0 = none */
	STORE__COLUMN(uint32_t, payload_bytes);
	STORE__COLUMN(uint32_t, receivers); /* index of a set + 1; 0 = at most their number is known */
	/* Sparse: written only for events that are no plain messages, else zero. A column without a value is neither
	 * read nor cleared, so that its memory stays untouched. */
	STORE__COLUMN(uint8_t, kind);
	STORE__COLUMN(uint32_t, flags);
	STORE__COLUMN(uint32_t, headers_bytes);
	STORE__COLUMN(uint32_t, reply_bytes);
	STORE__COLUMN(uint32_t, details_bytes);
	STORE__COLUMN(uint32_t, delays_len);     /* delivery times: 0, or one for each receiver */
	STORE__COLUMN(uint32_t, receiver_count); /* where `receivers` is 0 */
	STORE__COLUMN(uint64_t, missing_bytes);  /* true payload size less payload_bytes, modulo 2^64 */
	STORE__COLUMN(uint64_t, refers_to);
};

struct store_batch {
	uint64_t stamp; /* of hints; odd, so that the batch never trusts a zeroed hint */
	uint64_t seed;  /* of hashes, so that no peer can aim at one slot */
	uint32_t events, messages, kinds;
	uint32_t origins;
	uint32_t sparse; /* bit (1 << column) of every sparse column that was written to */
	int64_t min_time_ns, max_time_ns;
	uint64_t payload_bytes, deliveries, max_conn;

	/* The bytes of events, in the order of the events. */
	struct store__buffer payloads; /* headers, then payload */
	struct store__buffer replies;
	struct store__buffer details; /* see store/format/details.h */
	struct store__buffer delays;  /* uint64_t: delivery times, see store__delay_put */

	struct store__buffer subjects; /* struct store__subject */
	struct store__buffer subject_text;
	struct store__buffer subscribers; /* struct store__subscriber */
	struct store__buffer subscriber_text;
	struct store__buffer sets;    /* struct store__set */
	struct store__buffer members; /* uint32_t, see store__member */
	struct store_table subject_table, subscriber_table, set_table;

	/* The writer's: the next batch in its queue or among the free ones, and the producer that took this one. */
	struct store_batch *next;
	struct store_producer *producer;

	struct store__rows rows;
};

/* The buffers other than payloads by index; NULL after the last. */
static inline struct store__buffer *store__batch_side_buffer(struct store_batch *batch, int index)
{
	struct store__buffer *const buffers[] = {
	    &batch->replies,         &batch->details,      &batch->delays,
	    &batch->subjects,        &batch->subject_text, &batch->subscribers,
	    &batch->subscriber_text, &batch->sets,         &batch->members,
	};
	return index < (int)(sizeof buffers / sizeof *buffers) ? buffers[index] : NULL;
}

/* The origin of a row. Ask for rows in ascending order; *at begins with 0. */
static inline const struct store__origin *store__batch_origin(const struct store_batch *batch, uint32_t row,
							      uint32_t *at)
{
	const struct store__origin *origins = batch->rows.origins;
	while (*at + 1 < batch->origins && origins[*at + 1].first_row <= row)
		++*at;
	return &origins[*at];
}

static inline uint32_t store__batch_subjects(const struct store_batch *batch)
{
	return (uint32_t)(batch->subjects.len / sizeof(struct store__subject));
}

static inline struct store__subject *store__batch_subject(const struct store_batch *batch, uint32_t index)
{
	return (struct store__subject *)(void *)batch->subjects.bytes + index;
}

static inline uint32_t store__batch_subscribers(const struct store_batch *batch)
{
	return (uint32_t)(batch->subscribers.len / sizeof(struct store__subscriber));
}

static inline struct store__subscriber *store__batch_subscriber(const struct store_batch *batch,
								uint32_t index)
{
	return (struct store__subscriber *)(void *)batch->subscribers.bytes + index;
}

static inline uint32_t store__batch_sets(const struct store_batch *batch)
{
	return (uint32_t)(batch->sets.len / sizeof(struct store__set));
}

static inline struct store__set *store__batch_set(const struct store_batch *batch, uint32_t index)
{
	return (struct store__set *)(void *)batch->sets.bytes + index;
}

static inline uint32_t store__batch_members(const struct store_batch *batch)
{
	return (uint32_t)(batch->members.len / sizeof(uint32_t));
}

static inline uint32_t *store__batch_member(const struct store_batch *batch, uint32_t index)
{
	return (uint32_t *)(void *)batch->members.bytes + index;
}

#endif
