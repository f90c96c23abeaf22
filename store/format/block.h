/* block.h - what a decoder is inside: shared by decode.c, which checks and indexes frames, and
 * decode_event.c, which puts one event together. Internal to store. */
#ifndef STORE_FORMAT_BLOCK_H
#define STORE_FORMAT_BLOCK_H

#include <zstd.h>

#include "store/format/columns.h"
#include "store/read/decode.h"

/* Where the bytes of each event begin, found when first asked for. */
struct store__places {
	bool found;
	struct store__buffer at; /* uint32_t an event; room is made when the columns are loaded */
};

/* The members of a set: receivers[offset] to receivers[offset + count). */
struct store__span {
	uint32_t offset, count, sent;
};

struct store_block {
	ZSTD_DCtx *zstd;
	const ZSTD_DDict *zstd_dictionary; /* borrowed; NULL: none */
	struct store_block_header header;
	struct store__buffer raw[STORE_FRAMES];
	bool has_payloads;
	struct store__buffer fields,
	    fields_scratch; /* payloads that are cut into fields, and their decoder's memory */

	struct store__column dictionary[STORE__DICTIONARY_COLUMNS];
	struct store__buffer subjects; /* struct store_block_subject */
	uint32_t subjects_len;

	struct store__column columns[STORE__EVENT_COLUMNS];
	struct store__buffer subscribers; /* struct wire_receiver, sent */
	struct store__buffer receivers;   /* struct wire_receiver: the members of all sets */
	struct store__buffer spans;       /* struct store__span: the sets */

	struct store__buffer delays; /* int64_t: the delivery times of all events that have some */

	struct store__places payloads, replies, details, delay_places;
	struct store__buffer groups; /* uint32_t a subject and one for none: used while payloads are placed */
	struct wire_client client;   /* of the last connect event */
};

static inline uint64_t store__block_number(const struct store_block *block, enum store__event_column id,
					   uint32_t index)
{
	return store__column_at(&block->columns[id], index);
}

static inline struct store_block_subject *store__subject_at(const struct store_block *block, uint32_t index)
{
	return (struct store_block_subject *)(void *)block->subjects.bytes + index;
}

static inline struct store__span *store__block_span(const struct store_block *block, uint32_t index)
{
	return (struct store__span *)(void *)block->spans.bytes + index;
}

static inline struct wire_receiver *store__block_receiver(const struct store_block *block, uint32_t index)
{
	return (struct wire_receiver *)(void *)block->receivers.bytes + index;
}

#endif
