/* log_builder.h - logs made block by block without a writer, so that a test knows what lies where; every event is
 * kept to compare with. */
#ifndef TESTS_LOG_BUILDER_H
#define TESTS_LOG_BUILDER_H

#include "store/filter/filter.h"
#include "store/read/reader.h"
#include "store/write/batch.h"
#include "store/write/segment_writer.h"
#include "tests/unit/store/block_fixture.h"

struct built_block {
	size_t segment; /* number of the segment */
	uint64_t offset, bytes;
	struct store_block_header header;
};

struct log_builder {
	char dir[300];
	struct random random;
	struct store_batch *batch;
	struct store_encoder *encoder;
	struct store__segment_writer output;
	uint8_t log_id[16];
	uint64_t next_seq;
	int64_t time_ns;
	uint64_t next_conn, oldest_conn; /* of sample connections: oldest_conn <= conn < next_conn are open */

	struct wire_event *events; /* all that were added, by rising seq; deep copies */
	size_t count, cap;
	struct built_block *blocks;
	size_t blocks_count;
	char *segments[64]; /* paths */
	size_t segments_count;
};

/* Begin a log in the folder dir, which is made when it is missing. The sample events follow from the seed. */
void builder_open(struct log_builder *builder, const char *dir, uint64_t seed);
/* Ends nothing: a batch that was not written and an open segment stay as they are. */
void builder_close(struct log_builder *builder);

/* Add an event to the block in the making; its seq is given. A segment is begun where there is none. */
void builder_add(struct log_builder *builder, const struct wire_event *event);
/* Add sample events of all kinds: connections come, subscribe, publish and go. */
void builder_add_samples(struct log_builder *builder, uint32_t count);
/* Write the block. */
void builder_end_block(struct log_builder *builder);
/* Write the block, if any, and end the segment, with a footer or as a crash leaves it. */
void builder_end_segment(struct log_builder *builder, bool footer);

/* A log of some segments of blocks of sample events; the last segment has no footer. */
void builder_fill(struct log_builder *builder, uint32_t segments, uint32_t blocks, uint32_t events_max);

/* The client of a connection, from all connect events; NULL when nothing is known of it. */
const struct wire_client *builder_client(const struct log_builder *builder, uint64_t conn);

/* The event of this number, or NULL. */
const struct wire_event *builder_event(const struct log_builder *builder, uint64_t seq);

/* The block whose bytes hold this offset of a segment, or NULL: file header, footer, trailer. */
const struct built_block *builder_block_at(const struct log_builder *builder, size_t segment,
					   uint64_t offset);

/* Flip one bit of a file. */
void builder_flip(const char *path, uint64_t offset, unsigned bit);
/* Offset in the file of a frame of a block. */
uint64_t builder_frame_offset(const struct built_block *block, enum store_frame frame);

/* A filter of random conditions that suit the sample events. */
struct store_filter *builder_random_filter(struct log_builder *builder, struct random *random);

/* The events that a reader returns, in short: sequence numbers, and gaps as ranges. */
struct reading {
	struct read_item {
		uint64_t seq, to_seq; /* to_seq 0: an event; else a gap made by the reader */
		uint64_t lost_messages;
		char text[200];
	} * items;
	size_t count, cap;
	uint64_t damaged_blocks, damaged_events, deleted_events;
};

/* Read a log to its end. Events must be as they were added; payloads too when options say so. */
void builder_read(const struct log_builder *builder, const char *path,
		  const struct store_reader_options *options, struct reading *reading);
void reading_fini(struct reading *reading);

#endif
