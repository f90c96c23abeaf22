/* chain.h - the chain of segments that a writer appends to: begins them, ends them, repacks and deletes old ones.
 *
 * Knows nothing of threads but the one it repacks in; the writer's thread calls it. Internal to store. */
#ifndef STORE_CHAIN_H
#define STORE_CHAIN_H

#include <pthread.h>

#include "store/clients.h"
#include "store/encode.h"
#include "store/output.h"

struct store__chain {
	const char *dir;                            /* borrowed */
	const struct store_writer_options *options; /* borrowed */
	const struct store_io *io;
	struct store__output output; /* the open segment, fd -1: none yet */
	uint8_t log_id[16];
	uint64_t next_seq, next_conn;
	int64_t opened_ms;     /* monotonic, of the open segment */
	uint64_t closed_bytes; /* of all closed segments */
	uint32_t closed_segments;
	uint64_t written_bytes;
	bool needs_sync;
	struct store_clients clients; /* connections open now, to be described again in each segment */
	struct store_encoder *encoder;
	struct store_stage *repeats;
	struct store_block *block;
	pthread_t repacker;
	bool is_repacking;
	_Atomic bool stop_repacking;
	char *repack_path;
	int repack_level;
};

/* Recover what a crash left open, learn where the log stands. The lock is held. 0, or a negative code with *fault. */
int store__chain_open(struct store__chain *chain, const char *dir, const struct store_writer_options *options,
		      struct wire_fault *fault);

/* End the open segment, wait for the repacker, free. */
void store__chain_close(struct store__chain *chain);

/* Append the stage's events as one block with the next sequence numbers, in a new segment where one is due. 0 or a negated
 * errno: then nothing of it is in the log and no number was used. */
int store__chain_append(struct store__chain *chain, const struct store_stage *stage, int level,
			int64_t now_ms);

/* 0 or a negated errno. */
int store__chain_sync(struct store__chain *chain);

/* Is the open segment too old? Ends it then. */
void store__chain_age(struct store__chain *chain, int64_t now_ms);

/* End the open segment, if there is one: the next append begins another. */
void store__chain_end_segment(struct store__chain *chain);

#endif
