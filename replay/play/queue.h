/* queue.h - batches on their way from the thread that reads to the thread that plays, and back empty.
 *
 * Bounded: so many batches exist, whatever is played. */
#ifndef REPLAY_PLAY_QUEUE_H
#define REPLAY_PLAY_QUEUE_H

#include <pthread.h>

#include "replay/play/message.h"

enum { REPLAY_QUEUE_BATCHES = 4 };

struct replay_queue {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct replay_batch *full, **full_end; /* oldest first */
	struct replay_batch *free;
	bool closed;  /* the reader has put its last batch in */
	bool failed;  /* closed for good, whatever is sought */
	bool stopped; /* the player takes no more */
};

/* 0 or -ENOMEM; in any case to be given to replay_queue_fini. */
int replay_queue_init(struct replay_queue *queue);
void replay_queue_fini(struct replay_queue *queue);

/* The reader's side. Wait for an empty batch; NULL when the player has stopped. */
struct replay_batch *replay_queue_empty(struct replay_queue *queue);
void replay_queue_put(struct replay_queue *queue, struct replay_batch *batch);
/* There will be no more. A seek (replay_queue_drop) opens it again, unless reading failed. */
void replay_queue_close(struct replay_queue *queue, bool failed);

/* The player's side. Wait, at most until a moment of the monotonic clock, for a full batch. NULL when there is none;
 * *ended tells whether there will be none. */
struct replay_batch *replay_queue_take(struct replay_queue *queue, int64_t until_ns, bool *ended);
void replay_queue_give_back(struct replay_queue *queue, struct replay_batch *batch);
void replay_queue_stop(struct replay_queue *queue);
bool replay_queue_is_stopped(struct replay_queue *queue);
/* Throw away what is full. */
void replay_queue_drop(struct replay_queue *queue);

#endif
