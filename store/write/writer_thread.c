#include "store/write/writer_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "store/write/directory.h"

enum {
	RETRY_MS = 250,      /* after the first failure; then twice as long each time… */
	RETRY_MAX_MS = 2000, /* …up to this */
	TEND_MS = 500,
	LEVEL_MIN = -1, /* below, little time is saved: level -3 is a tenth faster, and 9 % larger */
	LEVEL_MAX = 3,
	IDLE_BLOCKS = 64, /* so many blocks in a row that found the queue empty raise the level by one */
};

int64_t store__monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- degraded and back ---- */

static void report(const struct store_writer *writer, const char *line)
{
	if (writer->options.report)
		writer->options.report(writer->options.context, line);
}

static void set_degraded(struct store_writer *writer, bool is_degraded)
{
	writer->is_degraded = is_degraded;
	pthread_mutex_lock(&writer->mutex);
	writer->is_losing = is_degraded;
	pthread_mutex_unlock(&writer->mutex);
	store__writer_update_status(writer);
}

/* Try again after a while, each time after a longer one. */
static void back_off(struct store_writer *writer)
{
	int64_t pause_ms = writer->retry_pause_ms * 2;
	writer->retry_pause_ms = pause_ms < RETRY_MS       ? RETRY_MS
				 : pause_ms < RETRY_MAX_MS ? pause_ms
							   : RETRY_MAX_MS;
	writer->retry_ms = store__monotonic_ms() + writer->retry_pause_ms;
}

static void degrade(struct store_writer *writer, int error, const char *what)
{
	char line[800];
	back_off(writer);
	if (writer->is_degraded)
		return;
	writer->outage_messages = 0;
	snprintf(writer->reason, sizeof writer->reason, "%s: %s", what, wire_error_text(error));
	set_degraded(writer, true);
	snprintf(line, sizeof line,
		 "recording degraded: cannot write to %s: %s; messages pass unrecorded until it works again",
		 writer->dir, writer->reason);
	report(writer, line);
}

/* A flush that fails loses what it was to flush, though the writes had worked: no later one brings it back. */
static void degrade_by_sync(struct store_writer *writer, int error)
{
	char what[120];
	snprintf(what, sizeof what, "fsync of events %" PRIu64 " to %" PRIu64, writer->log.synced_seq,
		 writer->log.next_seq - 1);
	degrade(writer, error, what);
}

static void note_loss(struct store_writer *writer, const struct store_loss_counter *loss)
{
	store_loss_counter_add(&writer->loss, loss);
	writer->outage_messages += loss->messages;
	pthread_mutex_lock(&writer->mutex);
	writer->status.lost_events += loss->events;
	writer->status.lost_messages += loss->messages;
	pthread_mutex_unlock(&writer->mutex);
}

/* Look whether the log is still where it was, from time to time. */
static void check_directory(struct store_writer *writer, int64_t now_ms)
{
	const char *what;
	struct store_loss_counter lost = {0};
	int error = store__directory_check(&writer->log, now_ms, &lost, &what);
	if (!error)
		return;
	degrade(writer, error, what);
	note_loss(writer, &lost);
}

static void lose(struct store_writer *writer, const struct store_batch *batch)
{
	struct store_loss_counter loss = {0};
	store__segment_log_give_up(&writer->log, batch);
	store__segment_log_watch(&writer->log, batch);
	store_loss_counter_add_batch(&loss, batch);
	note_loss(writer, &loss);
}

/* The first thing to be logged after a loss says what was lost. Once it is in the log the loss is told, whether flushing
 * works or not: it must not be told twice. */
static int append_gap(struct store_writer *writer, int64_t now_ms)
{
	char reason[250];
	snprintf(reason, sizeof reason, "could not be recorded: %s", writer->reason);
	store_batch_reset(writer->gap);
	int error = store_loss_counter_append(&writer->loss, reason, writer->gap);
	error = error ? error : store__segment_log_append(&writer->log, writer->gap, writer->level, now_ms);
	if (!error)
		writer->loss = (struct store_loss_counter){0};
	return error;
}

static void recover(struct store_writer *writer)
{
	char line[800];
	writer->retry_pause_ms = 0;
	set_degraded(writer, false);
	snprintf(line, sizeof line,
		 "recording again into %s; %" PRIu64 " messages were not recorded meanwhile", writer->dir,
		 writer->outage_messages);
	report(writer, line);
}

static void try_again(struct store_writer *writer)
{
	int64_t now_ms = store__monotonic_ms();
	const char *what = "write";
	int error = store__directory_retry(&writer->log, &what);
	error = error ? error : append_gap(writer, now_ms);
	error = error ? error : store__segment_log_sync(&writer->log, now_ms);
	if (error)
		degrade(writer, error, what);
	else
		recover(writer);
}

/* No gap event will tell of it. */
static void report_unrecorded(const struct store_writer *writer)
{
	char line[800];
	snprintf(line, sizeof line,
		 "recording into %s ends degraded: %" PRIu64 " messages are not in the log", writer->dir,
		 writer->loss.messages);
	report(writer, line);
}

/* ---- one batch ---- */

/* zstd takes level 0 for its default, 3: it is left out. */
static int next_level(int level, int step)
{
	return level + step == 0 ? 2 * step + level : level + step;
}

/* `auto`: compress less while batches pile up, more while there is nothing to do. */
static int choose_level(struct store_writer *writer, uint32_t waiting)
{
	if (writer->options.level != STORE_LEVEL_AUTO)
		return writer->level;
	writer->idle_blocks = waiting == 0 ? writer->idle_blocks + 1 : 0;
	if (waiting > writer->options.batches / 2 && writer->level > LEVEL_MIN) {
		writer->level = next_level(writer->level, -1);
	} else if (writer->idle_blocks >= IDLE_BLOCKS && writer->level < LEVEL_MAX) {
		writer->level = next_level(writer->level, 1);
		writer->idle_blocks = 0;
	}
	return writer->level;
}

static void sync_now(struct store_writer *writer)
{
	writer->synced_ms = store__monotonic_ms();
	int error = store__segment_log_sync(&writer->log, writer->synced_ms);
	if (error)
		degrade_by_sync(writer, error);
}

static void sync_by_policy(struct store_writer *writer, int64_t now_ms)
{
	enum store_sync policy = writer->options.sync;
	if (policy == STORE_SYNC_ALWAYS ||
	    (policy == STORE_SYNC_INTERVAL && now_ms - writer->synced_ms >= writer->options.sync_interval_ms))
		sync_now(writer);
}

static void write_batch(struct store_writer *writer, const struct store_batch *batch, uint32_t waiting,
			bool is_closing)
{
	int64_t now_ms = store__monotonic_ms();
	check_directory(writer, now_ms);
	if (writer->is_degraded && (now_ms >= writer->retry_ms || is_closing))
		try_again(writer);
	if (writer->is_degraded) {
		lose(writer, batch);
		return;
	}
	int error = store__segment_log_append(&writer->log, batch, choose_level(writer, waiting), now_ms);
	if (error) {
		lose(writer, batch);
		degrade(writer, error, "write");
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->status.events += store_batch_events(batch);
	writer->status.messages += store_batch_messages(batch);
	pthread_mutex_unlock(&writer->mutex);
	sync_by_policy(writer, now_ms);
}

/* ---- the thread ---- */

/* What is wrong although recording goes on; "" = nothing. */
static const char *trouble_of(const struct store_writer *writer)
{
	const struct store__segment_log *log = &writer->log;
	return log->directory_trouble[0] ? log->directory_trouble : log->retain_trouble;
}

void store__writer_update_status(struct store_writer *writer)
{
	struct store_writer_status *status = &writer->status;
	const struct store__segment_log *log = &writer->log;
	pthread_mutex_lock(&writer->mutex);
	status->next_seq = log->next_seq;
	status->synced_seq = log->synced_seq;
	status->written_bytes = log->written_bytes;
	status->log_bytes = log->closed_bytes + (log->segment.fd >= 0 ? log->segment.end : 0);
	status->segments = log->closed_segments + (log->segment.fd >= 0);
	status->level = writer->level;
	status->degraded = writer->is_degraded || *trouble_of(writer);
	snprintf(status->reason, sizeof status->reason, "%s",
		 writer->is_degraded ? writer->reason : trouble_of(writer));
	pthread_cond_broadcast(&writer->done);
	pthread_mutex_unlock(&writer->mutex);
}

/* Say it when it begins and when it is over. */
static void report_trouble(struct store_writer *writer)
{
	char line[800];
	const char *trouble = trouble_of(writer);
	if (!*trouble == !*writer->trouble)
		return;
	if (*trouble)
		snprintf(line, sizeof line, "recording into %s goes on, but needs attention: %s", writer->dir,
			 trouble);
	else
		snprintf(line, sizeof line, "recording into %s is in order again", writer->dir);
	snprintf(writer->trouble, sizeof writer->trouble, "%s", trouble);
	report(writer, line);
}

/* What is due without a new batch. */
static void tend(struct store_writer *writer, bool must_flush)
{
	int64_t now_ms = store__monotonic_ms();
	check_directory(writer, now_ms);
	if (writer->is_degraded && now_ms >= writer->retry_ms)
		try_again(writer);
	if (!writer->is_degraded) {
		if (must_flush)
			sync_now(writer);
		else if (writer->log.needs_sync)
			sync_by_policy(writer, now_ms);
		int error = store__segment_log_tend(&writer->log, now_ms);
		if (error)
			degrade_by_sync(writer, error);
	}
	report_trouble(writer);
	store__writer_update_status(writer);
}

static struct timespec when_to_tend(const struct store_writer *writer)
{
	int64_t now_ms = store__monotonic_ms(), at_ms = now_ms + TEND_MS;
	if (writer->log.needs_sync)
		at_ms = writer->synced_ms + writer->options.sync_interval_ms;
	if (writer->is_degraded)
		at_ms = writer->retry_ms;
	if (at_ms <= now_ms)
		at_ms = now_ms + 1;
	return (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
}

/* Called with the mutex. Nobody needs to wait for a disk that does not work. */
static bool must_flush(const struct store_writer *writer)
{
	return !writer->is_degraded && writer->log.needs_sync && writer->flush_seq > writer->log.synced_seq;
}

void store__writer_give_back(struct store_writer *writer, struct store_batch *batch)
{
	writer->free[writer->free_count++] = batch;
	writer->in_use--;
	pthread_cond_broadcast(&writer->done);
}

/* Called with the mutex, which it lets go when it returns true. Wakes whoever had to go without a batch. */
static bool wake_starved(struct store_writer *writer)
{
	if (!writer->is_starved || writer->in_use >= writer->options.batches)
		return false;
	writer->is_starved = false;
	pthread_mutex_unlock(&writer->mutex);
	if (writer->options.wake)
		writer->options.wake(writer->options.context);
	pthread_mutex_lock(&writer->mutex);
	return true;
}

/* Called with the mutex; true when there is a batch to write, false at the end. Tends to what time makes due. */
static bool await_work(struct store_writer *writer)
{
	while (writer->queue_count == 0 && !writer->is_closing) {
		if (wake_starved(writer))
			continue;
		struct timespec until = when_to_tend(writer);
		bool flush = must_flush(writer);
		if (!flush && pthread_cond_timedwait(&writer->work, &writer->mutex, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&writer->mutex);
		tend(writer, flush);
		pthread_mutex_lock(&writer->mutex);
	}
	return writer->queue_count > 0;
}

/* Called with the mutex. */
static void handle_one(struct store_writer *writer)
{
	uint32_t places = writer->options.batches + STORE_SPARE_BATCHES, waiting = writer->queue_count - 1;
	struct store_batch *batch = writer->queue[writer->queue_start];
	const struct store_batch *next =
	    waiting > 0 ? writer->queue[(writer->queue_start + 1) % places] : NULL;
	bool is_closing = writer->is_closing;
	pthread_mutex_unlock(&writer->mutex);
	uint64_t memory = store_batch_memory(batch);
	if (next && writer->options.threads > 1 && !writer->is_degraded)
		store__segment_log_encode_ahead(&writer->log, next, writer->level);
	write_batch(writer, batch, waiting, is_closing);
	report_trouble(writer);
	store__writer_update_status(writer);
	store_batch_reset(batch);

	pthread_mutex_lock(&writer->mutex);
	writer->queue_start = (writer->queue_start + 1) % places;
	writer->queue_count--;
	writer->handled++;
	writer->status.queued_bytes -= memory;
	store__writer_give_back(writer, batch);
	wake_starved(writer);
}

void *store__write_queue(void *context)
{
	struct store_writer *writer = context;
	pthread_mutex_lock(&writer->mutex);
	while (await_work(writer))
		handle_one(writer);
	pthread_mutex_unlock(&writer->mutex);
	if (writer->is_degraded)
		try_again(writer);
	if (writer->is_degraded)
		report_unrecorded(writer);
	return NULL;
}
