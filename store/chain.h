/* chain.h - the chain of segments that a writer appends to: begins them, ends them, has them repacked, deletes old
 * ones.
 *
 * Knows nothing of threads but the one that repacks and the one that encodes ahead; the writer's thread makes all calls.
 * Internal to store. */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include "store/clients.h"
#include "store/encode_worker.h"
#include "store/output.h"
#include "store/repacker.h"
#include "store/standing.h"

struct store__chain {
	const char *dir;                            /* borrowed */
	const struct store_writer_options *options; /* borrowed */
	const struct store_io *io;
	struct store__output output; /* the open segment; fd -1: none yet */
	uint8_t log_id[16];
	uint64_t next_seq, next_conn;
	uint64_t
	    synced_seq; /* events below are on stable storage, or were written when that is all that is asked */
	bool needs_sync;
	int64_t opened_ms,
	    retained_ms;       /* monotonic: when the segment was begun, when old ones were looked for */
	uint64_t closed_bytes; /* of all closed segments */
	uint32_t closed_segments;
	uint64_t written_bytes;
	struct store_clients clients; /* connections open now, to be described again in each segment */
	struct store_encoder *encoder;
	struct store__encode_worker *worker; /* NULL: not needed yet */
	struct store_stage *repeats;
	struct store__repacker repacker;
};

/* Recover what a crash left open, learn where the log stands. The lock is held. 0, or a negative code with
 * *fault. To be closed in either case. */
int store__chain_open(struct store__chain *chain, const char *dir, const struct store_writer_options *options,
		      struct wire_fault *fault);

/* End the open segment, wait for the repacker, free. */
void store__chain_close(struct store__chain *chain);

/* Append the stage's events as one block with the next sequence numbers, in a new segment where one is due. 0 or a
 * negated errno: then nothing of the stage is in the log, and none of its events has a number. */
int store__chain_append(struct store__chain *chain, const struct store_stage *stage, int level,
			int64_t now_ms);

/* Begin to encode a stage that is to be appended later, in a thread of its own, if that has nothing to do. The stage is left
 * alone until it was appended or given up. */
void store__chain_encode_ahead(struct store__chain *chain, const struct store_stage *stage, int level);
/* The stage will not be appended. */
void store__chain_give_up(struct store__chain *chain, const struct store_stage *stage);

/* Note who came and went in a stage, also in one that is thrown away: they would be described for ever. */
void store__chain_watch(struct store__chain *chain, const struct store_stage *stage);

/* Flush. 0 or a negated errno: then what was not flushed may be lost, and the open segment is ended. */
int store__chain_sync(struct store__chain *chain);

/* What time alone makes due: end the open segment when it is too old, delete old ones. 0 or a negated errno of
 * flushing. */
int store__chain_tend(struct store__chain *chain, int64_t now_ms);

#endif
