/* rows.h - what a stage is inside: shared by stage.c, which fills it, and encode.c, which reads it. */
#ifndef STORE_WRITE_ROWS_H
#define STORE_WRITE_ROWS_H

#include "store/format/bytes.h"
#include "store/format/table.h"
#include "store/write/stage.h"

/* A distinct subject: a run of subject_text. */
struct store__subject {
	uint32_t offset, len;
};

/* A distinct (connection, sid, queue group). */
struct store__subscriber {
	uint64_t conn;
	uint32_t offset; /* of sid, then queue, in subscriber_text */
	uint32_t sid_len, queue_len;
	uint32_t alone; /* index + 1 of the set of just this one, who got the message; 0: there is none yet */
};

/* A distinct list of receivers: `count` members from `offset` on, `sent` of which got the message. */
struct store__set {
	uint32_t offset, count, sent;
};

/* A member of a set, and of its column on disk: a subscriber and what became of the message there. */
enum { STORE__OUTCOME_BITS = 3 };

static inline uint32_t store__member(uint32_t subscriber, enum wire_outcome outcome)
{
	return subscriber << STORE__OUTCOME_BITS | (uint32_t)outcome;
}

/* What the events of one read have in common: those from first_row on, up to the next moment's. */
struct store__moment {
	int64_t time_ns;
	uint64_t conn;
	uint32_t first_row;
};

/* Events by columns, as the disk has them. Each column is a cache line longer than a power of two: otherwise
 * all their ends would compete for one set of the first-level cache. */
#define STORE__COLUMN(type, name) type name[STORE_BLOCK_EVENTS_MAX + 64 / sizeof(type)]

struct store__rows {
	/* Written when either of the two changes. */
	STORE__COLUMN(struct store__moment, moments);
	/* Written for every event. */
	STORE__COLUMN(uint32_t, subject); /* index + 1; 0 = none */
	STORE__COLUMN(uint32_t, payload_bytes);
	STORE__COLUMN(uint32_t, receivers); /* index of a set + 1; 0 = at most their number is known */
	/* Sparse: zero unless an event that is no plain message wrote there. A column nobody wrote to is not
	 * even looked at; its memory stays untouched. */
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

struct store_stage {
	uint64_t stamp; /* of memos; odd, so that a zeroed memo is never trusted */
	uint64_t seed;  /* of hashes, so that no peer can aim at one slot */
	uint32_t events, messages, kinds;
	uint32_t moments;
	uint32_t sparse; /* bit (1 << column) of every sparse column that was written to */
	int64_t min_time_ns, max_time_ns;
	uint64_t payload_bytes, deliveries, max_conn;

	/* The bytes of events, each behind those of the events before it. */
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
	struct store__table subject_table, subscriber_table, set_table;

	struct store__rows rows;
};

/* The moment of a row. Ask for rows in ascending order; *at begins with 0. */
static inline const struct store__moment *store__stage_moment(const struct store_stage *stage, uint32_t row,
							      uint32_t *at)
{
	const struct store__moment *moments = stage->rows.moments;
	while (*at + 1 < stage->moments && moments[*at + 1].first_row <= row)
		++*at;
	return &moments[*at];
}

static inline uint32_t store__stage_subjects(const struct store_stage *stage)
{
	return (uint32_t)(stage->subjects.len / sizeof(struct store__subject));
}

static inline struct store__subject *store__stage_subject(const struct store_stage *stage, uint32_t index)
{
	return (struct store__subject *)(void *)stage->subjects.bytes + index;
}

static inline uint32_t store__stage_subscribers(const struct store_stage *stage)
{
	return (uint32_t)(stage->subscribers.len / sizeof(struct store__subscriber));
}

static inline struct store__subscriber *store__stage_subscriber(const struct store_stage *stage,
								uint32_t index)
{
	return (struct store__subscriber *)(void *)stage->subscribers.bytes + index;
}

static inline uint32_t store__stage_sets(const struct store_stage *stage)
{
	return (uint32_t)(stage->sets.len / sizeof(struct store__set));
}

static inline struct store__set *store__stage_set(const struct store_stage *stage, uint32_t index)
{
	return (struct store__set *)(void *)stage->sets.bytes + index;
}

static inline uint32_t store__stage_members(const struct store_stage *stage)
{
	return (uint32_t)(stage->members.len / sizeof(uint32_t));
}

static inline uint32_t *store__stage_member(const struct store_stage *stage, uint32_t index)
{
	return (uint32_t *)(void *)stage->members.bytes + index;
}

#endif
