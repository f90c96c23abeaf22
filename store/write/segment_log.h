/* segment_log.h - the segments of the log that is being written: begin and end them, repack them, delete old ones.
 *
 * The writer's thread makes all calls. Other threads only repack a closed segment and encode the next batch in advance.
 * Internal to store. */
#ifndef STORE_WRITE_SEGMENT_LOG_H
#define STORE_WRITE_SEGMENT_LOG_H

#include "store/care/log_state.h"
#include "store/care/repacker.h"
#include "store/read/clients.h"
#include "store/read/log.h"
#include "store/write/encode_worker.h"
#include "store/write/ended_segments.h"
#include "store/write/segment_writer.h"

struct store__segment_log {
	const char *dir;                            /* borrowed */
	const struct store_writer_options *options; /* borrowed */
	struct store_io io;
	struct store_log_lock lock;
	bool has_lost_directory;              /* another directory, or none, is where ours was */
	struct store__segment_writer segment; /* the open segment; fd -1: none yet */
	struct store_loss_counter content;    /* what is in it */
	uint8_t log_id[16];
	uint64_t next_seq, next_conn;
	uint64_t synced_seq; /* events below are on stable storage; with sync none: were written */
	bool needs_sync;
	/* Monotonic: when the writer began, the open segment was begun, the directory was checked, unclosed segments were
	 * tried. */
	int64_t started_ms, opened_ms, checked_ms, closed_ms;
	int64_t retain_ms; /* monotonic: when to look for old segments */
	int64_t clock_ns;  /* the least difference seen between the wall clock and the monotonic clock */
	struct store__ended_segments ended;
	uint64_t
	    unclosed_seq; /* segments from here on may lack a footer that could not be written; 0 = none do */
	/* Needs attention although recording goes on; "" = nothing does. */
	char retain_trouble[200], directory_trouble[200];
	uint64_t closed_bytes; /* of all closed segments */
	uint32_t closed_segments;
	uint64_t written_bytes;
	struct store_clients
	    clients; /* the open connections of all producers; each segment describes them again */
	struct store_encoder *encoder;
	struct store__encode_worker *worker; /* NULL: not needed yet */
	struct store_batch *repeats;
	struct store__repacker repacker;
};

/* Take the lock, recover what a crash left open, find where the log ends. 0, or a negative code with *fault; to be closed
 * in either case. */
int store__segment_log_open(struct store__segment_log *log, const char *dir,
			    const struct store_writer_options *options, int64_t now_ms,
			    struct wire_fault *fault);

/* End the open segment, wait for the repacker, free, release the lock. */
void store__segment_log_close(struct store__segment_log *log, int64_t now_ms);

/* Append the batch as one block with the next sequence numbers, to a new segment where one is due. 0 or a negated errno;
 * then nothing of the batch is in the log, and none of its events has a number. */
int store__segment_log_append(struct store__segment_log *log, const struct store_batch *batch, int level,
			      int64_t now_ms);

/* Begin to encode the next batch in a thread of its own, unless that is busy. The batch must not change until it is
 * appended or given up. */
void store__segment_log_encode_ahead(struct store__segment_log *log, const struct store_batch *batch,
				     int level);
/* The batch will not be appended. */
void store__segment_log_give_up(struct store__segment_log *log, const struct store_batch *batch);

/* Note who connected and disconnected in a batch. Call it for a batch that is thrown away, too: otherwise segments would
 * describe its clients for ever. */
void store__segment_log_watch(struct store__segment_log *log, const struct store_batch *batch);

/* Sync. 0 or a negated errno; then events that were not synced may be lost, and the open segment is ended. */
int store__segment_log_sync(struct store__segment_log *log, int64_t now_ms);

/* End the open segment, if any. 0, or the negated errno of a sync that failed. */
int store__segment_log_end_segment(struct store__segment_log *log, int64_t now_ms);

/* Do what time makes due: end the open segment when it is too old, close segments whose footer could not be written,
 * delete old ones. 0, or the negated errno of a sync that failed. */
int store__segment_log_tend(struct store__segment_log *log, int64_t now_ms);

#endif
