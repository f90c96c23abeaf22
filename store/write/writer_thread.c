#include "store/write/writer_thread.h"

#include <errno.h>
#include <time.h>

#include "store/write/append.h"
#include "store/write/batch_layout.h"
#include "store/write/batch_pool.h"
#include "store/write/clock.h"
#include "store/write/mark_box.h"
#include "store/write/outage.h"
#include "store/write/writer_status.h"

enum {
	TEND_MS = 500,
	MARK_MS = 200,  /* between two looks into the mark box */
	LEVEL_MIN = -1, /* below, little time is saved: level -3 is a tenth faster, and 9 % larger */
	LEVEL_MAX = 3,
	IDLE_BLOCKS = 64, /* blocks in a row after which the queue was empty: raise the level by one */
};

/* ---- one batch ---- */

/* Skip level 0, which stands for zstd's default, 3. */
static int next_level(int level, int step)
{
	return level + step == 0 ? 2 * step + level : level + step;
}

/* `auto`: compress less while batches pile up, and more while the thread is idle. */
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
		store__outage_begin_by_sync(writer, error);
}

static void sync_by_policy(struct store_writer *writer, int64_t now_ms)
{
	enum store_sync policy = writer->options.sync;
	if (policy == STORE_SYNC_ALWAYS ||
	    (policy == STORE_SYNC_INTERVAL && now_ms - writer->synced_ms >= writer->options.sync_interval_ms))
		sync_now(writer);
}

/* Add the mark that another process left. */
static int append_mark(struct store_writer *writer, const char *remark, int64_t now_ms)
{
	char text[WIRE_MARK_REMARK];
	const struct wire_event mark = {.kind = WIRE_EVENT_MARK,
					.time_ns = writer->log.io.realtime_ns(),
					.text =
					    wire_slice_str(wire_mark_remark(text, wire_slice_str(remark)))};
	store_batch_reset(writer->mark);
	int error = store_batch_append(writer->mark, &mark);
	error = error ? error : store__segment_log_append(&writer->log, writer->mark, writer->level, now_ms);
	return error ? error : store__segment_log_sync(&writer->log, now_ms);
}

static void look_into_mark_box(struct store_writer *writer, int64_t now_ms)
{
	char remark[WIRE_MARK_REMARK];
	if (now_ms - writer->mark_ms < MARK_MS || writer->outage.is_on)
		return;
	writer->mark_ms = now_ms;
	if (!store__mark_box_read(writer->dir, remark))
		return;
	int error = append_mark(writer, remark, now_ms);
	if (error) {
		store__outage_begin(writer, error, "write");
		return;
	}
	store__mark_box_empty(writer->dir);
	pthread_mutex_lock(&writer->mutex);
	writer->status.events++;
	pthread_mutex_unlock(&writer->mutex);
}

static void write_batch(struct store_writer *writer, const struct store_batch *batch, uint32_t waiting,
			bool is_closing)
{
	int64_t now_ms = store__monotonic_ms();
	store__outage_check_directory(writer, now_ms);
	if (writer->outage.is_on && (now_ms >= writer->outage.retry_ms || is_closing))
		store__outage_retry(writer);
	if (writer->outage.is_on) {
		store__outage_lose(writer, batch);
		return;
	}
	int error = store__segment_log_append(&writer->log, batch, choose_level(writer, waiting), now_ms);
	if (error) {
		store__outage_lose(writer, batch);
		store__outage_begin(writer, error, "write");
		return;
	}
	pthread_mutex_lock(&writer->mutex);
	writer->status.events += store_batch_events(batch);
	writer->status.messages += store_batch_messages(batch);
	pthread_mutex_unlock(&writer->mutex);
	sync_by_policy(writer, now_ms);
	look_into_mark_box(writer, now_ms);
}

/* ---- the thread ---- */

/* Do what is due without a new batch. */
static void tend(struct store_writer *writer, bool must_flush)
{
	int64_t now_ms = store__monotonic_ms();
	store__outage_check_directory(writer, now_ms);
	if (writer->outage.is_on && now_ms >= writer->outage.retry_ms)
		store__outage_retry(writer);
	if (!writer->outage.is_on) {
		if (must_flush)
			sync_now(writer);
		else if (writer->log.needs_sync)
			sync_by_policy(writer, now_ms);
		int error = store__segment_log_tend(&writer->log, now_ms);
		if (error)
			store__outage_begin_by_sync(writer, error);
		look_into_mark_box(writer, now_ms);
	}
	store__writer_report_trouble(writer);
	store__writer_update_status(writer);
}

static struct timespec when_to_tend(const struct store_writer *writer)
{
	int64_t now_ms = store__monotonic_ms(), at_ms = now_ms + TEND_MS;
	if (writer->log.needs_sync)
		at_ms = writer->synced_ms + writer->options.sync_interval_ms;
	if (writer->outage.is_on)
		at_ms = writer->outage.retry_ms;
	if (at_ms <= now_ms)
		at_ms = now_ms + 1;
	return (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
}

/* Called with the mutex. False during an outage: a flush does not wait for a disk that does not work. */
static bool must_flush(const struct store_writer *writer)
{
	return !writer->outage.is_on && writer->log.needs_sync && writer->flush_seq > writer->log.synced_seq;
}

/* Called with the mutex. Wait for a batch, and do what time makes due meanwhile. True when there is a batch to write, false
 * when the writer is closing. */
static bool await_work(struct store_writer *writer)
{
	while (writer->queue.count == 0 && !writer->is_closing) {
		if (store__batch_pool_wake(writer))
			continue;
		struct timespec until = when_to_tend(writer);
		bool flush = must_flush(writer);
		if (!flush && pthread_cond_timedwait(&writer->work, &writer->mutex, &until) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&writer->mutex);
		tend(writer, flush);
		pthread_mutex_lock(&writer->mutex);
	}
	return writer->queue.count > 0;
}

/* Called with the mutex. The batch stays in the queue while it is written. */
static void handle_first(struct store_writer *writer)
{
	struct store_batch *batch = writer->queue.first;
	const struct store_batch *next = batch->next;
	uint32_t waiting = writer->queue.count - 1;
	bool is_closing = writer->is_closing;
	pthread_mutex_unlock(&writer->mutex);
	uint64_t memory = store_batch_memory(batch);
	if (next && writer->options.threads > 1 && !writer->outage.is_on)
		store__segment_log_encode_ahead(&writer->log, next, writer->level);
	write_batch(writer, batch, waiting, is_closing);
	store__writer_report_trouble(writer);
	store__writer_update_status(writer);
	store_batch_reset(batch);

	pthread_mutex_lock(&writer->mutex);
	store__batch_queue_take(&writer->queue);
	writer->handled++;
	writer->status.queued_bytes -= memory;
	store__batch_pool_give_back(writer, batch);
	store__batch_pool_wake(writer);
}

void *store__writer_thread_run(void *context)
{
	struct store_writer *writer = context;
	pthread_mutex_lock(&writer->mutex);
	while (await_work(writer))
		handle_first(writer);
	pthread_mutex_unlock(&writer->mutex);
	if (writer->outage.is_on)
		store__outage_retry(writer);
	if (writer->outage.is_on)
		store__outage_report_unrecorded(writer);
	return NULL;
}
