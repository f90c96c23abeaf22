#include "replay/play/batch_queue.h"

#include <errno.h>
#include <time.h>

static void push_free(struct replay_batch_queue *queue, struct replay_batch *batch)
{
	replay_batch_reset(batch);
	batch->next = queue->free;
	queue->free = batch;
}

int replay_batch_queue_init(struct replay_batch_queue *queue)
{
	pthread_condattr_t monotonic;

	*queue = (struct replay_batch_queue){0};
	queue->full_end = &queue->full;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (int i = 0; i < REPLAY_BATCHES; i++) {
		struct replay_batch *batch = replay_batch_open();
		if (!batch)
			return -ENOMEM;
		push_free(queue, batch);
	}
	return 0;
}

static void close_all(struct replay_batch *batch)
{
	while (batch) {
		struct replay_batch *next = batch->next;
		replay_batch_close(batch);
		batch = next;
	}
}

void replay_batch_queue_fini(struct replay_batch_queue *queue)
{
	close_all(queue->full);
	close_all(queue->free);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->mutex);
}

struct replay_batch *replay_batch_queue_take_empty(struct replay_batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	while (!queue->free && !queue->stopped)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	struct replay_batch *batch = queue->stopped ? NULL : queue->free;
	if (batch)
		queue->free = batch->next;
	pthread_mutex_unlock(&queue->mutex);
	return batch;
}

void replay_batch_queue_put(struct replay_batch_queue *queue, struct replay_batch *batch)
{
	pthread_mutex_lock(&queue->mutex);
	batch->next = NULL;
	*queue->full_end = batch;
	queue->full_end = &batch->next;
	queue->closed = false;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void replay_batch_queue_close(struct replay_batch_queue *queue, bool failed)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	queue->failed = failed;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

struct replay_batch *replay_batch_queue_take(struct replay_batch_queue *queue, int64_t until_ns, bool *ended)
{
	const struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
	int status = 0;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->full && !queue->closed && status == 0)
		status = pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
	struct replay_batch *batch = queue->full;
	if (batch)
		queue->full = batch->next;
	if (!queue->full)
		queue->full_end = &queue->full;
	*ended = !batch && queue->closed;
	pthread_mutex_unlock(&queue->mutex);
	return batch;
}

void replay_batch_queue_give_back(struct replay_batch_queue *queue, struct replay_batch *batch)
{
	pthread_mutex_lock(&queue->mutex);
	push_free(queue, batch);
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void replay_batch_queue_stop(struct replay_batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopped = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void replay_batch_queue_drop(struct replay_batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->full) {
		struct replay_batch *batch = queue->full;
		queue->full = batch->next;
		push_free(queue, batch);
	}
	queue->full_end = &queue->full;
	queue->closed = queue->failed;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

bool replay_batch_queue_is_stopped(struct replay_batch_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	bool is_stopped = queue->stopped;
	pthread_mutex_unlock(&queue->mutex);
	return is_stopped;
}
