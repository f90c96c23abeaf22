/* decode.h - decode a block, frame by frame, as far as the caller needs it.
 *
 * The dictionary answers "which subjects, how often, how many bytes"; the columns answer who, when, how big;
 * only the payload frame has headers and payloads. Frames are passed as stored bytes and may come from
 * anywhere (a file, a fuzzer): every count and length is checked before it is used, and memory is
 * bounded by STORE_FRAME_RAW_MAX for a frame, twice that for payloads that are cut into fields. */
#ifndef STORE_READ_DECODE_H
#define STORE_READ_DECODE_H

#include "store/format/format.h"

struct store_block;

struct store_block_subject {
	struct wire_slice subject;
	uint32_t events; /* of any kind */
	uint32_t messages;
	uint64_t payload_bytes; /* of its messages, true sizes, headers included */
	/* Its messages that are flagged WIRE_EVENT_RECEIVERS_UNKNOWN, …PUBLISHER_UNKNOWN, …MASKED. */
	uint32_t unknown_receivers, unknown_publishers, masked;
};

/* A decoder, reused for block after block. NULL when out of memory. */
struct store_block *store_block_open(void);
void store_block_close(struct store_block *block);

/* Begin a new block: forget the frames of the last one. */
void store_block_begin(struct store_block *block, const struct store_block_header *header);

/* The dictionary of the segment that the frames come from, for those that were compressed with one; NULL = none. Borrowed for the
 * next loads. */
struct ZSTD_DDict_s;
void store_block_set_zstd_dictionary(struct store_block *block, const struct ZSTD_DDict_s *dictionary);

/* Load one frame of header->frames[frame].stored_bytes bytes: verify its checksum, unpack and index it. Order: dictionary,
 * then columns, then payloads. The bytes are not needed after the call. 0, STORE_EDAMAGE or -ENOMEM; after a failure the
 * block must be begun again. */
int store_block_load(struct store_block *block, enum store_frame frame, const unsigned char *stored);

/* Needs all frames. The bytes stand somewhere in the block: in a subject, a reply subject, headers or a payload, and rarely
 * elsewhere. */
bool store_block_holds(const struct store_block *block, struct wire_slice bytes);

/* Needs the dictionary. Slices live until the next store_block_begin. index < store_block_subjects(). */
uint32_t store_block_subjects(const struct store_block *block);
const struct store_block_subject *store_block_subject(const struct store_block *block, uint32_t index);

/* The payload frame was loaded. */
bool store_block_has_payloads(const struct store_block *block);

/* Need the columns. index < header.events. */
enum wire_event_kind store_block_kind(const struct store_block *block, uint32_t index);
int64_t store_block_time_ns(const struct store_block *block, uint32_t index);
uint64_t store_block_conn(const struct store_block *block, uint32_t index);
/* Index of the event's subject, UINT32_MAX when it has none. */
uint32_t store_block_subject_of(const struct store_block *block, uint32_t index);
/* True payload size in bytes. */
uint64_t store_block_size(const struct store_block *block, uint32_t index);

#endif
