#include "store/care/trainer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zdict.h>

enum { LOOK_NS = 20 * 1000 * 1000 /* between two looks at stop */ };

/* Freed by the thread when the caller has given it up, otherwise by the caller. */
struct job {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool is_done, is_given_up;
	struct store__samples samples; /* owned */
	unsigned char *dictionary;     /* owned */
	size_t cap, len;
};

static void free_job(struct job *job)
{
	store__samples_fini(&job->samples);
	pthread_cond_destroy(&job->done);
	pthread_mutex_destroy(&job->lock);
	free(job->dictionary);
	free(job);
}

static void *train(void *context)
{
	struct job *job = context;
	size_t len =
	    ZDICT_trainFromBuffer(job->dictionary, job->cap, job->samples.bytes.bytes,
				  store__samples_sizes(&job->samples), store__samples_count(&job->samples));
	pthread_mutex_lock(&job->lock);
	job->len = ZDICT_isError(len) ? 0 : len;
	job->is_done = true;
	bool is_given_up = job->is_given_up;
	pthread_cond_signal(&job->done);
	pthread_mutex_unlock(&job->lock);
	if (is_given_up)
		free_job(job);
	return NULL;
}

static struct job *new_job(struct store__samples *samples, size_t cap)
{
	struct job *job = calloc(1, sizeof *job);
	unsigned char *dictionary = malloc(cap);
	if (!job || !dictionary) {
		free(job);
		free(dictionary);
		return NULL;
	}
	*job = (struct job){.samples = *samples, .dictionary = dictionary, .cap = cap};
	*samples = (struct store__samples){0};
	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->done, NULL);
	return job;
}

/* False when it was stopped: the job is the thread's then. */
static bool await(struct job *job, const _Atomic bool *stop)
{
	pthread_mutex_lock(&job->lock);
	while (!job->is_done && !(stop && atomic_load(stop))) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&job->done, &job->lock, &until);
	}
	bool is_done = job->is_done;
	job->is_given_up = !is_done;
	pthread_mutex_unlock(&job->lock);
	return is_done;
}

int64_t store__trainer_run(struct store__samples *samples, unsigned char *out, size_t cap,
			   const _Atomic bool *stop)
{
	pthread_t thread;
	struct job *job = new_job(samples, cap);
	if (!job)
		return -ENOMEM;
	int error = pthread_create(&thread, NULL, train, job);
	if (error) {
		free_job(job);
		return -error;
	}
	if (!await(job, stop)) {
		pthread_detach(thread);
		return -ECANCELED;
	}
	pthread_join(thread, NULL);
	int64_t len = (int64_t)job->len;
	memcpy(out, job->dictionary, job->len);
	free_job(job);
	return len;
}
