/* batch_queue.h - full batches on their way from the thread that reads to the thread that plays, and empty ones back.
 *
 * Bounded: there are REPLAY_BATCHES of them, however long the log is. */
#ifndef REPLAY_PLAY_BATCH_QUEUE_H
#define REPLAY_PLAY_BATCH_QUEUE_H

#include <pthread.h>

#include "replay/play/batch.h"

enum { REPLAY_BATCHES = 4 };

struct replay_batch_queue {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct replay_batch *full, **full_end; /* oldest first */
	struct replay_batch *free;
	bool closed;  /* the reader has put its last batch in */
	bool failed;  /* reading failed: a seek does not reopen the queue */
	bool stopped; /* the player takes no more */
};

/* 0 or -ENOMEM. Call replay_batch_queue_fini in either case. */
int replay_batch_queue_init(struct replay_batch_queue *queue);
void replay_batch_queue_fini(struct replay_batch_queue *queue);

/* ---- the reader ---- */

/* Wait for an empty batch. NULL when the player has stopped. */
struct replay_batch *replay_batch_queue_take_empty(struct replay_batch_queue *queue);
void replay_batch_queue_put(struct replay_batch_queue *queue, struct replay_batch *batch);
/* No more batches will follow. replay_batch_queue_drop reopens the queue, unless reading failed. */
void replay_batch_queue_close(struct replay_batch_queue *queue, bool failed);

/* ---- the player ---- */

/* Wait for a full batch, at most until until_ns of the monotonic clock. NULL when there is none; *ended: there will be
 * none. */
struct replay_batch *replay_batch_queue_take(struct replay_batch_queue *queue, int64_t until_ns, bool *ended);
void replay_batch_queue_give_back(struct replay_batch_queue *queue, struct replay_batch *batch);
void replay_batch_queue_stop(struct replay_batch_queue *queue);
bool replay_batch_queue_is_stopped(struct replay_batch_queue *queue);
/* Empty the full batches, and reopen the queue unless reading failed. */
void replay_batch_queue_drop(struct replay_batch_queue *queue);

#endif
