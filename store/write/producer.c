#include "store/write/producer.h"

#include <assert.h>
#include <stdlib.h>

#include "store/write/batch_pool.h"

struct store_producer *store_producer_open(struct store_writer *writer, void (*wake)(void *context),
					   void *context)
{
	struct store_producer *producer = calloc(1, sizeof *producer);
	if (!producer)
		return NULL;
	*producer = (struct store_producer){.writer = writer, .wake = wake, .context = context};
	pthread_mutex_lock(&writer->mutex);
	producer->next = writer->producers;
	writer->producers = producer;
	pthread_mutex_unlock(&writer->mutex);
	return producer;
}

static void unlink_producer(struct store_writer *writer, struct store_producer *producer)
{
	struct store_producer **link = &writer->producers;
	while (*link != producer)
		link = &(*link)->next;
	*link = producer->next;
}

void store_producer_close(struct store_producer *producer)
{
	if (!producer)
		return;
	struct store_writer *writer = producer->writer;
	pthread_mutex_lock(&writer->mutex);
	while (writer->waking == producer)
		pthread_cond_wait(&writer->done, &writer->mutex);
	unlink_producer(writer, producer);
	producer->is_closed = true;
	bool is_last = producer->batches + producer->spares == 0;
	pthread_mutex_unlock(&writer->mutex);
	if (is_last) /* else it is freed with its last batch */
		free(producer);
}

struct store_batch *store_producer_batch(struct store_producer *producer)
{
	struct store_writer *writer = producer->writer;
	pthread_mutex_lock(&writer->mutex);
	struct store_batch *batch = store__batch_pool_take(producer, false);
	producer->is_starved = producer->is_starved || !batch;
	pthread_mutex_unlock(&writer->mutex);
	return batch;
}

struct store_batch *store_producer_spare_batch(struct store_producer *producer)
{
	struct store_writer *writer = producer->writer;
	pthread_mutex_lock(&writer->mutex);
	struct store_batch *batch = store__batch_pool_take(producer, false);
	batch = batch ? batch : store__batch_pool_take(producer, true);
	pthread_mutex_unlock(&writer->mutex);
	return batch;
}

void store_producer_submit(struct store_producer *producer, struct store_batch *batch)
{
	struct store_writer *writer = producer->writer;
	pthread_mutex_lock(&writer->mutex);
	if (store_batch_events(batch) == 0) {
		store__batch_pool_give_back(writer, batch);
	} else {
		store__batch_queue_put(&writer->queue, batch);
		writer->submitted++;
		writer->status.queued_bytes += store_batch_memory(batch);
	}
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
}
