/* log.h - the log of segments that a writer appends to: begins them, ends them, has them repacked, deletes old
 * ones.
 *
 * Knows nothing of threads but the one that repacks and the one that encodes ahead; the writer's thread makes all calls.
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
	uint64_t
	    synced_seq; /* events below are on stable storage, or were written when that is all that is asked */
	bool needs_sync;
	/* Monotonic: when the writer began, the segment was begun, the directory was looked at, unclosed segments were closed. */
	int64_t started_ms, opened_ms, checked_ms, closed_ms;
	int64_t retain_ms; /* monotonic: when old segments are to be looked for */
	int64_t clock_ns;  /* the least difference seen between the wall clock and the monotonic one */
	struct store__ended_segments ended;
	uint64_t
	    unclosed_seq; /* segments from here on may lack a footer that could not be written; 0 = none do */
	/* What needs attention although recording goes on; "" = nothing. */
	char retain_trouble[200], directory_trouble[200];
	uint64_t closed_bytes; /* of all closed segments */
	uint32_t closed_segments;
	uint64_t written_bytes;
	struct store_clients clients; /* connections open now, to be described again in each segment */
	struct store_encoder *encoder;
	struct store__encode_worker *worker; /* NULL: not needed yet */
	struct store_batch *repeats;
	struct store__repacker repacker;
};

/* Take the lock, recover what a crash left open, learn where the log stands. 0, or a negative code with
 * *fault. To be closed in either case. */
int store__segment_log_open(struct store__segment_log *log, const char *dir,
			    const struct store_writer_options *options, int64_t now_ms,
			    struct wire_fault *fault);

/* End the open segment, wait for the repacker, free, release the lock. */
void store__segment_log_close(struct store__segment_log *log, int64_t now_ms);

/* Append the batch's events as one block with the next sequence numbers, in a new segment where one is due. 0 or a
 * negated errno: then nothing of the batch is in the log, and none of its events has a number. */
int store__segment_log_append(struct store__segment_log *log, const struct store_batch *batch, int level,
			      int64_t now_ms);

/* Begin to encode a batch that is to be appended later, in a thread of its own, if that has nothing to do. The batch is left
 * alone until it was appended or given up. */
void store__segment_log_encode_ahead(struct store__segment_log *log, const struct store_batch *batch,
				     int level);
/* The batch will not be appended. */
void store__segment_log_give_up(struct store__segment_log *log, const struct store_batch *batch);

/* Note who came and went in a batch, also in one that is thrown away: they would be described for ever. */
void store__segment_log_watch(struct store__segment_log *log, const struct store_batch *batch);

/* Flush. 0 or a negated errno: then what was not flushed may be lost, and the open segment is ended. */
int store__segment_log_sync(struct store__segment_log *log, int64_t now_ms);

/* End the open segment, if any. 0, or the negated errno of a flush that failed. */
int store__segment_log_end_segment(struct store__segment_log *log, int64_t now_ms);

/* What time alone makes due: end the open segment when it is too old, close those that could not be
 * closed before, delete old ones. 0 or a negated errno of
 * flushing. */
int store__segment_log_tend(struct store__segment_log *log, int64_t now_ms);

#endif
