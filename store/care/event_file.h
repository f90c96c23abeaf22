/* event_file.h - write events into a segment file, in blocks as full as they may be. Internal to store.
 *
 * For segments that no one follows while they are written. The caller numbers the events. */
#ifndef STORE_CARE_EVENT_FILE_H
#define STORE_CARE_EVENT_FILE_H

#include "store/write/encode.h"
#include "store/write/segment_writer.h"

/* Zeroed except segment.fd = -1: nothing to free. */
struct store__event_file {
	struct store__segment_writer segment;
	struct store_batch *batch; /* the next block */
	struct store_encoder *encoder;
	uint64_t first_seq; /* of the batch */
	int level;          /* of zstd */
};

/* Prepare to write segments of the log of this id. 0 or -ENOMEM; in either case call store__event_file_fini. */
int store__event_file_init(struct store__event_file *file, const uint8_t log_id[16], int level);
/* Leaves a file that was begun without a footer. */
void store__event_file_fini(struct store__event_file *file);

/* Create the file at path, which is taken. As store__segment_writer_open. */
int store__event_file_begin(struct store__event_file *file, char *path,
			    const struct store_file_header *header);

/* After that, before the first event: write a dictionary, and compress with it. 0 or a negative code. */
int store__event_file_use(struct store__event_file *file, const unsigned char *dictionary, size_t len);

/* Append an event with its seq, which must be larger than the one before; where numbers are left out, a new block begins. 0 or a
 * negative code. */
int store__event_file_add(struct store__event_file *file, const struct wire_event *event);

/* Write what was added, the footer, and sync. As store__segment_writer_finish; a footer that could not be written is the error
 * -ENOSPC. */
struct store__segment_end store__event_file_end(struct store__event_file *file);

#endif
