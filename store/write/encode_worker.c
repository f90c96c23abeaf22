#include "store/write/encode_worker.h"

#include <pthread.h>
#include <stdlib.h>

struct store__encode_worker {
	pthread_t thread;
	struct store_encoder *encoder;   /* the thread's between give and is_done, else the owner's */
	const struct store_batch *batch; /* the owner's to set, between take and give */
	int level;
	const unsigned char *bytes;
	struct store_block_header header;
	int64_t result;

	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool has_work, is_done, is_closing;
};

static void encode(struct store__encode_worker *worker)
{
	worker->result =
	    store_encode(worker->encoder, worker->batch, 0, worker->level, &worker->bytes, &worker->header);
}

static void *work(void *context)
{
	struct store__encode_worker *worker = context;
	pthread_mutex_lock(&worker->mutex);
	for (;;) {
		while (!worker->has_work && !worker->is_closing)
			pthread_cond_wait(&worker->changed, &worker->mutex);
		if (!worker->has_work)
			break;
		pthread_mutex_unlock(&worker->mutex);
		encode(worker);
		pthread_mutex_lock(&worker->mutex);
		worker->has_work = false;
		worker->is_done = true;
		pthread_cond_signal(&worker->changed);
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

static void free_worker(struct store__encode_worker *worker)
{
	pthread_mutex_destroy(&worker->mutex);
	pthread_cond_destroy(&worker->changed);
	store_encoder_close(worker->encoder);
	free(worker);
}

struct store__encode_worker *store__encode_worker_open(const uint8_t log_id[16])
{
	struct store__encode_worker *worker = calloc(1, sizeof *worker);
	if (!worker)
		return NULL;
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->changed, NULL);
	worker->encoder = store_encoder_open();
	if (!worker->encoder || pthread_create(&worker->thread, NULL, work, worker) != 0) {
		free_worker(worker);
		return NULL;
	}
	store_encoder_set_log(worker->encoder, log_id);
	return worker;
}

void store__encode_worker_close(struct store__encode_worker *worker)
{
	if (!worker)
		return;
	pthread_mutex_lock(&worker->mutex);
	worker->is_closing = true;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);
	free_worker(worker);
}

void store__encode_worker_give(struct store__encode_worker *worker, const struct store_batch *batch,
			       int level)
{
	worker->batch = batch;
	worker->level = level;
	pthread_mutex_lock(&worker->mutex);
	worker->has_work = true;
	worker->is_done = false;
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
}

const struct store_batch *store__encode_worker_batch(const struct store__encode_worker *worker)
{
	return worker ? worker->batch : NULL;
}

int64_t store__encode_worker_take(struct store__encode_worker *worker, uint64_t first_seq,
				  const unsigned char **bytes, struct store_block_header *header)
{
	pthread_mutex_lock(&worker->mutex);
	while (!worker->is_done)
		pthread_cond_wait(&worker->changed, &worker->mutex);
	pthread_mutex_unlock(&worker->mutex);
	worker->batch = NULL;
	if (worker->result < 0)
		return worker->result;
	store_encoder_number(worker->encoder, first_seq, &worker->header);
	*bytes = worker->bytes;
	*header = worker->header;
	return worker->result;
}
