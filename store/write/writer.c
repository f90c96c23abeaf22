#include "store/write/writer.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/write/batch_pool.h"
#include "store/write/clock.h"
#include "store/write/producer.h"
#include "store/write/writer_status.h"
#include "store/write/writer_thread.h"

enum { LEVEL_START = 1 };

/* With this many processors, a second thread that encodes takes none from the bus. */
enum { PROCESSORS_FOR_TWO = 4 };

void store_writer_options_init(struct store_writer_options *options)
{
	*options = (struct store_writer_options){.sync = STORE_SYNC_INTERVAL,
						 .sync_interval_ms = 100,
						 .level = STORE_LEVEL_AUTO,
						 .segment_bytes = 256u << 20,
						 .segment_age_ms = 3600 * 1000,
						 .batches = 12};
}

/* ---- opening and closing ---- */

static void init_locks(struct store_writer *writer)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->work, &monotonic);
	pthread_cond_init(&writer->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void free_writer(struct store_writer *writer)
{
	assert(!writer->producers);
	store__batch_pool_fini(writer);
	store_batch_close(writer->outage.gap);
	store_batch_close(writer->mark);
	store__segment_log_close(&writer->log, store__monotonic_ms());
	pthread_cond_destroy(&writer->work);
	pthread_cond_destroy(&writer->done);
	pthread_mutex_destroy(&writer->mutex);
	free(writer->dir);
	free(writer);
}

/* Writing beyond RLIMIT_FSIZE raises SIGXFSZ, which ends the program by default. With the signal blocked, the write fails
 * with EFBIG. The thread blocks all other signals, too, so that other threads get them. */
static void block_signals(sigset_t *before)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

/* Discard SIGXFSZ signals that were raised in this thread meanwhile. */
static void unblock_signals(const sigset_t *before)
{
	const struct timespec at_once = {0};
	sigset_t too_large;
	sigemptyset(&too_large);
	sigaddset(&too_large, SIGXFSZ);
	while (!sigismember(before, SIGXFSZ) && sigtimedwait(&too_large, NULL, &at_once) > 0)
		;
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static int start(struct store_writer *writer, struct wire_fault *fault)
{
	int error = store__segment_log_open(&writer->log, writer->dir, &writer->options,
					    store__monotonic_ms(), fault);
	if (error)
		return error;
	writer->first_next_conn = writer->log.next_conn;
	writer->synced_ms = store__monotonic_ms();
	store__writer_update_status(writer);
	writer->outage.gap = store_batch_open();
	writer->mark = store_batch_open();
	error = writer->outage.gap && writer->mark
		    ? -pthread_create(&writer->thread, NULL, store__writer_thread_run, writer)
		    : -ENOMEM;
	return error ? wire_fault_set(fault, error, "%s: cannot start recording: %s", writer->dir,
				      wire_error_text(error))
		     : 0;
}

static uint32_t choose_threads(void)
{
	cpu_set_t processors;
	if (sched_getaffinity(0, sizeof processors, &processors) != 0)
		return 1;
	return CPU_COUNT(&processors) >= PROCESSORS_FOR_TWO ? 2 : 1;
}

static struct store_writer *new_writer(const char *dir, const struct store_writer_options *options)
{
	struct store_writer *writer = calloc(1, sizeof *writer);
	if (!writer || !(writer->dir = strdup(dir))) {
		free(writer);
		return NULL;
	}
	writer->log.segment.fd = -1;
	writer->log.lock = (struct store_log_lock){-1, -1};
	writer->options = *options;
	writer->level = options->level == STORE_LEVEL_AUTO ? LEVEL_START : options->level;
	if (writer->options.threads == 0)
		writer->options.threads = choose_threads();
	if (writer->options.batches < STORE_BATCHES_MIN)
		writer->options.batches = STORE_BATCHES_MIN;
	init_locks(writer);
	return writer;
}

int store_writer_open(struct store_writer **writer, const char *dir,
		      const struct store_writer_options *options, struct wire_fault *fault)
{
	sigset_t before;
	struct store_writer *opened = new_writer(dir, options);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	block_signals(&before);
	int error = start(opened, fault);
	unblock_signals(&before);
	if (error) {
		free_writer(opened);
		return error;
	}
	*writer = opened;
	return 0;
}

void store_writer_close(struct store_writer *writer)
{
	sigset_t before;
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->is_closing = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	block_signals(&before);
	free_writer(writer);
	unblock_signals(&before);
}

/* ---- what other threads ask ---- */

void store_writer_flush(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	uint64_t target = writer->submitted;
	while (writer->handled < target)
		pthread_cond_wait(&writer->done, &writer->mutex);
	uint64_t seq = writer->status.next_seq;
	if (writer->flush_seq < seq)
		writer->flush_seq = seq;
	pthread_cond_signal(&writer->work);
	while (writer->status.synced_seq < seq && !writer->is_losing)
		pthread_cond_wait(&writer->done, &writer->mutex);
	pthread_mutex_unlock(&writer->mutex);
}

uint64_t store_writer_next_conn(const struct store_writer *writer)
{
	return writer->first_next_conn;
}

void store_writer_status(struct store_writer *writer, struct store_writer_status *status)
{
	pthread_mutex_lock(&writer->mutex);
	*status = writer->status;
	pthread_mutex_unlock(&writer->mutex);
}
