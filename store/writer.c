#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/chain.h"
#include "store/log.h"

enum {
	RETRY_MS = 250,
	STAGES_MIN = 2,
	LEVEL_START = 1,
	LEVEL_MIN = -5,
	LEVEL_MAX = 3,
	IDLE_BLOCKS = 64, /* so many blocks in a row that found the queue empty raise the level by one */
};

/* What had to be thrown away since the last gap event. */
struct loss {
	uint64_t events, messages, bytes;
	int64_t from_ns, to_ns;
};

struct store_writer {
	char *dir;
	int lock_fd;
	struct store_writer_options options;
	struct store__chain chain; /* the writer thread's */
	pthread_t thread;
	uint64_t first_next_conn;

	pthread_mutex_t mutex;                     /* guards all below */
	pthread_cond_t work;                       /* the queue has something, or closing */
	pthread_cond_t done;                       /* a stage was dealt with */
	struct store_stage **all, **free, **queue; /* options.stages elements each */
	uint32_t free_count, queue_start, queue_count;
	uint64_t submitted, handled; /* stages, ever */
	bool starved;                /* somebody was told that there is no free stage */
	_Atomic bool closing; /* written with the mutex; read without it too */
	struct store_writer_status status;

	/* The writer thread's. */
	int level;
	uint32_t idle_blocks;
	int64_t synced_ms, retry_ms;
	bool degraded;
	struct loss loss;
	struct store_stage *gap;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void store_writer_options_init(struct store_writer_options *options)
{
	*options = (struct store_writer_options){.sync = STORE_SYNC_INTERVAL,
						 .sync_interval_ms = 100,
						 .level = STORE_LEVEL_AUTO,
						 .segment_bytes = 256u << 20,
						 .segment_age_ms = 3600 * 1000,
						 .stages = 8};
}

/* ---- degraded and back ---- */

static void report(const struct store_writer *writer, const char *line)
{
	if (writer->options.report)
		writer->options.report(writer->options.context, line);
}

static void degrade(struct store_writer *writer, int error, const char *what)
{
	char line[400];
	writer->retry_ms = monotonic_ms() + RETRY_MS;
	if (writer->degraded)
		return;
	writer->degraded = true;
	snprintf(line, sizeof line,
		 "recording degraded: %s in %s: %s; messages pass unrecorded until it works again", what,
		 writer->dir, wire_error_text(error));
	pthread_mutex_lock(&writer->mutex);
	writer->status.degraded = true;
	snprintf(writer->status.reason, sizeof writer->status.reason, "%s: %s", what, wire_error_text(error));
	pthread_mutex_unlock(&writer->mutex);
	report(writer, line);
}

static void count_loss(struct store_writer *writer, const struct store_stage *stage)
{
	struct loss *loss = &writer->loss;
	if (loss->events == 0)
		loss->from_ns = store_stage_min_time_ns(stage);
	loss->events += store_stage_events(stage);
	loss->messages += store_stage_messages(stage);
	loss->bytes += store_stage_bytes(stage);
	loss->to_ns = store_stage_max_time_ns(stage);
	pthread_mutex_lock(&writer->mutex);
	writer->status.lost_events += store_stage_events(stage);
	writer->status.lost_messages += store_stage_messages(stage);
	pthread_mutex_unlock(&writer->mutex);
}

/* The first thing to be logged after a loss says what was lost. */
static int append_gap(struct store_writer *writer)
{
	char text[300];
	const struct loss *loss = &writer->loss;
	if (loss->events == 0)
		return 0;
	snprintf(text, sizeof text, "%s; %llu events were not logged", writer->status.reason,
		 (unsigned long long)loss->events);
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = loss->to_ns,
					 .text = wire_slice_str(text),
					 .lost_messages = loss->messages,
					 .lost_bytes = loss->bytes,
					 .from_ns = loss->from_ns,
					 .to_ns = loss->to_ns};
	store_stage_reset(writer->gap);
	int error = store_stage_append(writer->gap, &event);
	return error ? error : store__chain_append(&writer->chain, writer->gap, LEVEL_START, monotonic_ms());
}

static void try_to_recover(struct store_writer *writer)
{
	char line[200];
	int error = append_gap(writer);
	error = error ? error : store__chain_sync(&writer->chain);
	if (error) {
		degrade(writer, error, "write");
		return;
	}
	snprintf(line, sizeof line, "recording again into %s; %llu messages were not logged", writer->dir,
		 (unsigned long long)writer->loss.messages);
	writer->loss = (struct loss){0};
	writer->degraded = false;
	pthread_mutex_lock(&writer->mutex);
	writer->status.degraded = false;
	writer->status.reason[0] = '\0';
	pthread_mutex_unlock(&writer->mutex);
	report(writer, line);
}

/* ---- the thread ---- */

/* `auto`: compress less while stages pile up, more while there is nothing to do. */
static int choose_level(struct store_writer *writer, uint32_t waiting)
{
	if (writer->options.level != STORE_LEVEL_AUTO)
		return writer->options.level;
	writer->idle_blocks = waiting == 0 ? writer->idle_blocks + 1 : 0;
	if (waiting > writer->options.stages / 2 && writer->level > LEVEL_MIN) {
		writer->level -= 1 + (writer->level == 1); /* level 0 stands for zstd's default */
	} else if (writer->idle_blocks >= IDLE_BLOCKS && writer->level < LEVEL_MAX) {
		writer->level += 1 + (writer->level == -1);
		writer->idle_blocks = 0;
	}
	return writer->level;
}

static void sync_now(struct store_writer *writer)
{
	writer->synced_ms = monotonic_ms();
	int error = store__chain_sync(&writer->chain);
	if (error) {
		degrade(writer, error, "fsync");
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->status.synced_seq = writer->chain.next_seq;
	pthread_cond_broadcast(&writer->done);
	pthread_mutex_unlock(&writer->mutex);
}

static void sync_by_policy(struct store_writer *writer, int64_t now_ms)
{
	enum store_sync policy = writer->options.sync;
	if (policy == STORE_SYNC_ALWAYS ||
	    (policy == STORE_SYNC_INTERVAL && now_ms - writer->synced_ms >= writer->options.sync_interval_ms))
		sync_now(writer);
}

static void update_status(struct store_writer *writer)
{
	struct store_writer_status *status = &writer->status;
	const struct store__chain *chain = &writer->chain;
	pthread_mutex_lock(&writer->mutex);
	status->next_seq = chain->next_seq;
	if (writer->options.sync == STORE_SYNC_NONE)
		status->synced_seq = chain->next_seq;
	status->written_bytes = chain->written_bytes;
	status->log_bytes = chain->closed_bytes + (chain->output.fd >= 0 ? chain->output.end : 0);
	status->segments = chain->closed_segments + (chain->output.fd >= 0);
	status->level = writer->options.level == STORE_LEVEL_AUTO ? writer->level : writer->options.level;
	pthread_mutex_unlock(&writer->mutex);
}

static void write_stage(struct store_writer *writer, const struct store_stage *stage, uint32_t waiting)
{
	int64_t now_ms = monotonic_ms();
	if (writer->degraded && (now_ms >= writer->retry_ms || writer->closing))
		try_to_recover(writer);
	int error = writer->degraded
			? -EIO
			: store__chain_append(&writer->chain, stage, choose_level(writer, waiting), now_ms);
	if (error) {
		count_loss(writer, stage);
		if (!writer->degraded)
			degrade(writer, error, "write");
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->status.events += store_stage_events(stage);
	writer->status.messages += store_stage_messages(stage);
	pthread_mutex_unlock(&writer->mutex);
	sync_by_policy(writer, now_ms);
}

static void tend(struct store_writer *writer)
{
	int64_t now_ms = monotonic_ms();
	if (writer->degraded && now_ms >= writer->retry_ms)
		try_to_recover(writer);
	if (writer->degraded)
		return;
	if (writer->chain.needs_sync)
		sync_by_policy(writer, now_ms);
	store__chain_age(&writer->chain, now_ms);
}

/* Called with the mutex; true when there is a stage to write, false at the end. Tends to timers while it waits. */
static bool await_work(struct store_writer *writer)
{
	while (writer->queue_count == 0 && !writer->closing) {
		bool pending = writer->degraded || writer->chain.needs_sync;
		int64_t wait_ms = pending ? writer->options.sync_interval_ms : 1000;
		if (writer->degraded || wait_ms > 1000)
			wait_ms = RETRY_MS;
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		int64_t ns = until.tv_nsec + (wait_ms > 0 ? wait_ms : 1) * 1000000;
		until.tv_sec += ns / 1000000000;
		until.tv_nsec = ns % 1000000000;
		if (pthread_cond_timedwait(&writer->work, &writer->mutex, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&writer->mutex);
		tend(writer);
		update_status(writer);
		pthread_mutex_lock(&writer->mutex);
	}
	return writer->queue_count > 0;
}

/* Called with the mutex. */
static void give_back(struct store_writer *writer, struct store_stage *stage)
{
	writer->free[writer->free_count++] = stage;
	pthread_cond_broadcast(&writer->done);
}

static void handle_one(struct store_writer *writer)
{
	struct store_stage *stage = writer->queue[writer->queue_start];
	uint32_t waiting = writer->queue_count - 1;
	pthread_mutex_unlock(&writer->mutex);
	write_stage(writer, stage, waiting);
	update_status(writer);
	uint64_t memory = store_stage_memory(stage);
	store_stage_reset(stage);

	pthread_mutex_lock(&writer->mutex);
	writer->queue_start = (writer->queue_start + 1) % writer->options.stages;
	writer->queue_count--;
	writer->handled++;
	writer->status.queued_bytes -=
	    memory < writer->status.queued_bytes ? memory : writer->status.queued_bytes;
	give_back(writer, stage);
	bool wake = writer->starved && writer->options.wake;
	writer->starved = false;
	if (!wake)
		return;
	pthread_mutex_unlock(&writer->mutex);
	writer->options.wake(writer->options.context);
	pthread_mutex_lock(&writer->mutex);
}

static void *write_queue(void *context)
{
	struct store_writer *writer = context;
	pthread_mutex_lock(&writer->mutex);
	while (await_work(writer))
		handle_one(writer);
	pthread_mutex_unlock(&writer->mutex);
	if (writer->degraded)
		try_to_recover(writer);
	store__chain_end_segment(&writer->chain);
	return NULL;
}

/* ---- opening and closing ---- */

static int open_stages(struct store_writer *writer)
{
	uint32_t count = writer->options.stages;
	writer->all = calloc(count, sizeof(*writer->all));
	writer->free = calloc(count, sizeof(*writer->free));
	writer->queue = calloc(count, sizeof(*writer->queue));
	writer->gap = store_stage_open();
	if (!writer->all || !writer->free || !writer->queue || !writer->gap)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		writer->all[i] = store_stage_open();
		if (!writer->all[i])
			return -ENOMEM;
		writer->free[writer->free_count++] = writer->all[i];
	}
	return 0;
}

static void free_writer(struct store_writer *writer)
{
	for (uint32_t i = 0; writer->all && i < writer->options.stages; i++)
		store_stage_close(writer->all[i]);
	store_stage_close(writer->gap);
	store__chain_close(&writer->chain);
	pthread_cond_destroy(&writer->work);
	pthread_cond_destroy(&writer->done);
	pthread_mutex_destroy(&writer->mutex);
	if (writer->lock_fd >= 0)
		close(writer->lock_fd);
	free(writer->all);
	free(writer->free);
	free(writer->queue);
	free(writer->dir);
	free(writer);
}

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

static int start(struct store_writer *writer, struct wire_fault *fault)
{
	writer->lock_fd = store_log_lock(writer->dir, fault);
	if (writer->lock_fd < 0)
		return writer->lock_fd;
	int error = store__chain_open(&writer->chain, writer->dir, &writer->options, fault);
	if (error)
		return error;
	writer->first_next_conn = writer->chain.next_conn;
	writer->synced_ms = monotonic_ms();
	writer->status.synced_seq = writer->chain.next_seq;
	update_status(writer);
	error = open_stages(writer);
	error = error ? error : -pthread_create(&writer->thread, NULL, write_queue, writer);
	return error ? wire_fault_set(fault, error, "%s: cannot start recording: %s", writer->dir,
				      wire_error_text(error))
		     : 0;
}

int store_writer_open(struct store_writer **writer, const char *dir,
		      const struct store_writer_options *options, struct wire_fault *fault)
{
	struct store_writer *opened = calloc(1, sizeof *opened);
	if (!opened || !(opened->dir = strdup(dir))) {
		free(opened);
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	}
	opened->lock_fd = -1;
	opened->chain.output.fd = -1;
	opened->options = *options;
	opened->level = LEVEL_START;
	if (opened->options.stages < STAGES_MIN)
		opened->options.stages = STAGES_MIN;
	init_locks(opened);
	int error = start(opened, fault);
	if (error) {
		free_writer(opened);
		return error;
	}
	*writer = opened;
	return 0;
}

void store_writer_close(struct store_writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->closing = true;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	free_writer(writer);
}

/* ---- what event loops call ---- */

struct store_stage *store_writer_stage(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	struct store_stage *stage = writer->free_count > 0 ? writer->free[--writer->free_count] : NULL;
	writer->starved = writer->starved || !stage;
	pthread_mutex_unlock(&writer->mutex);
	return stage;
}

void store_writer_submit(struct store_writer *writer, struct store_stage *stage)
{
	pthread_mutex_lock(&writer->mutex);
	if (store_stage_events(stage) == 0) {
		give_back(writer, stage);
	} else {
		uint32_t end = (writer->queue_start + writer->queue_count) % writer->options.stages;
		writer->queue[end] = stage;
		writer->queue_count++;
		writer->submitted++;
		writer->status.queued_bytes += store_stage_memory(stage);
		pthread_cond_signal(&writer->work);
	}
	pthread_mutex_unlock(&writer->mutex);
}

void store_writer_flush(struct store_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	uint64_t target = writer->submitted;
	while (writer->handled < target)
		pthread_cond_wait(&writer->done, &writer->mutex);
	while (writer->status.synced_seq < writer->status.next_seq && !writer->status.degraded)
		pthread_cond_wait(&writer->done, &writer->mutex); /* a sync signals too */
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
