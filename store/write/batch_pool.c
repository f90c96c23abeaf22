#include "store/write/batch_pool.h"

#include <assert.h>
#include <stdlib.h>

#include "store/write/batch_layout.h"
#include "store/write/producer.h"

void store__batch_queue_put(struct store__batch_queue *queue, struct store_batch *batch)
{
	batch->next = NULL;
	if (queue->last)
		queue->last->next = batch;
	else
		queue->first = batch;
	queue->last = batch;
	queue->count++;
}

struct store_batch *store__batch_queue_take(struct store__batch_queue *queue)
{
	struct store_batch *batch = queue->first;
	queue->first = batch->next;
	queue->last = queue->first ? queue->last : NULL;
	queue->count--;
	return batch;
}

static bool may_take(const struct store_producer *producer)
{
	const struct store_writer *writer = producer->writer;
	return producer->spares == 0 &&
	       (writer->batches < writer->options.batches || producer->batches < STORE_BATCHES_MIN);
}

static void count(struct store_producer *producer, bool is_spare)
{
	if (is_spare) {
		producer->spares++;
	} else {
		producer->batches++;
		producer->writer->batches++;
	}
}

static struct store_batch *pop_free(struct store_writer *writer)
{
	struct store_batch *batch = writer->free;
	if (batch)
		writer->free = batch->next;
	return batch;
}

struct store_batch *store__batch_pool_take(struct store_producer *producer, bool is_spare)
{
	bool may = is_spare ? producer->spares < STORE_SPARE_BATCHES : may_take(producer);
	if (!may)
		return NULL;
	struct store_batch *batch = pop_free(producer->writer);
	batch = batch ? batch : store_batch_open();
	if (!batch)
		return NULL;
	batch->producer = producer;
	count(producer, is_spare);
	return batch;
}

void store__batch_pool_give_back(struct store_writer *writer, struct store_batch *batch)
{
	struct store_producer *producer = batch->producer;
	assert(batch->events == 0 && producer->spares + producer->batches > 0);
	batch->next = writer->free;
	writer->free = batch;
	if (producer->spares > 0) {
		producer->spares--;
	} else {
		producer->batches--;
		writer->batches--;
	}
	if (producer->is_closed && producer->batches + producer->spares == 0)
		free(producer);
	pthread_cond_broadcast(&writer->done);
}

static struct store_producer *find_starved(const struct store_writer *writer)
{
	struct store_producer *producer = writer->producers;
	while (producer && !(producer->is_starved && may_take(producer)))
		producer = producer->next;
	return producer;
}

bool store__batch_pool_wake(struct store_writer *writer)
{
	bool any = false;
	for (struct store_producer *starved; (starved = find_starved(writer)); any = true) {
		starved->is_starved = false;
		writer->waking = starved;
		pthread_mutex_unlock(&writer->mutex);
		if (starved->wake)
			starved->wake(starved->context);
		pthread_mutex_lock(&writer->mutex);
		writer->waking = NULL;
		pthread_cond_broadcast(&writer->done);
	}
	return any;
}

void store__batch_pool_fini(struct store_writer *writer)
{
	for (struct store_batch *batch; (batch = pop_free(writer));)
		store_batch_close(batch);
}
