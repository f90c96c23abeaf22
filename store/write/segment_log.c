#include "store/write/segment_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/care/repack.h"
#include "store/care/retain.h"
#include "store/care/unclosed.h"
#include "store/format/details.h"
#include "store/write/append.h"
#include "store/write/batch_layout.h"

enum {
	RETAIN_MS = 10 * 1000,
	RETAIN_MIN_MS = 100,
	STUCK_MS = 1000, /* until deleting or closing is tried again after it failed */
	/* A larger segment is not repacked at closing, which would take too long. */
	LAST_REPACK_BYTES = 64 << 20,
};

static int adopt(struct store__segment_log *log, const struct store__log_state *state,
		 struct wire_fault *fault)
{
	memcpy(log->log_id, state->log_id, sizeof log->log_id);
	log->next_seq = log->synced_seq = state->next_seq;
	log->next_conn = state->next_conn;
	log->closed_bytes = state->bytes;
	log->closed_segments = state->segments;
	log->encoder = store_encoder_open();
	log->repeats = store_batch_open();
	if (!log->encoder || !log->repeats)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", log->dir);
	store_encoder_set_log(log->encoder, log->log_id);
	return 0;
}

int store__segment_log_open(struct store__segment_log *log, const char *dir,
			    const struct store_writer_options *options, int64_t now_ms,
			    struct wire_fault *fault)
{
	struct store__log_state state;
	struct store__care care = {.report = options->report, .context = options->context};
	*log = (struct store__segment_log){.dir = dir,
					   .options = options,
					   .io = store__io_of(options->io),
					   .lock = {-1, -1},
					   .started_ms = now_ms,
					   .clock_ns = INT64_MAX,
					   .segment.fd = -1};
	int error = store_log_lock(&log->lock, dir, fault);
	if (!error)
		unlinkat(log->lock.dir_fd, STORE_LOG_UNFINISHED, 0);
	error = error ? error : store__log_state_find(&state, dir, &care, fault);
	return error ? error : adopt(log, &state, fault);
}

/* ---- old segments ---- */

/* A wall clock that is ahead makes segments look old: use the least difference to the monotonic clock that was seen. File
 * times come from the file system's clock: ask that one, too. */
static int64_t wall_clock_ns(struct store__segment_log *log, int64_t now_ms)
{
	struct stat info;
	int64_t offset_ns = log->io.realtime_ns() - now_ms * 1000000;
	if (offset_ns < log->clock_ns)
		log->clock_ns = offset_ns;
	if (futimens(log->lock.file_fd, NULL) == 0 && fstat(log->lock.file_fd, &info) == 0) {
		offset_ns = store_log_time_ns(&info.st_mtim) - now_ms * 1000000;
		if (offset_ns < log->clock_ns)
			log->clock_ns = offset_ns;
	}
	return now_ms * 1000000 + log->clock_ns;
}

static int64_t when_to_retain(const struct store__segment_log *log, int64_t now_ms)
{
	int64_t period_ms = log->options->retain_age_ms / 4;
	if (log->retain_trouble[0])
		return now_ms + STUCK_MS;
	return now_ms + (period_ms > RETAIN_MS       ? RETAIN_MS
			 : period_ms < RETAIN_MIN_MS ? RETAIN_MIN_MS
						     : period_ms);
}

static void retain(struct store__segment_log *log, int64_t now_ms)
{
	const struct store_writer_options *options = log->options;
	const struct store__retention retention = {.dir = log->dir,
						   .io = &log->io,
						   .max_bytes = options->retain_bytes,
						   .max_age_ms = options->retain_age_ms,
						   .open = log->segment.path,
						   .rewrite = log->repacker.path,
						   .ended = &log->ended,
						   .started_ms = log->started_ms,
						   .now_ms = now_ms,
						   .now_ns = wall_clock_ns(log, now_ms)};
	struct store__retained retained;
	int error = store__retain(&retention, &retained);
	if (error) {
		snprintf(log->retain_trouble, sizeof log->retain_trouble, "retention cannot list the log: %s",
			 wire_error_text(error));
	} else {
		memcpy(log->retain_trouble, retained.trouble, sizeof log->retain_trouble);
		log->closed_bytes = retained.bytes;
		log->closed_segments = retained.segments;
		store__ended_segments_forget(&log->ended, retained.oldest_seq);
	}
	log->retain_ms = when_to_retain(log, now_ms);
}

static bool has_too_much(const struct store__segment_log *log)
{
	return log->closed_segments > 0 && log->options->retain_bytes > 0 &&
	       log->closed_bytes + log->segment.end > log->options->retain_bytes;
}

static void retain_if_due(struct store__segment_log *log, int64_t now_ms)
{
	bool is_time = now_ms >= log->retain_ms;
	if ((has_too_much(log) && (is_time || !log->retain_trouble[0])) ||
	    (log->options->retain_age_ms > 0 && is_time))
		retain(log, now_ms);
}

/* ---- ending a segment ---- */

/* Note when the segment ended and what is in it, and whether its footer is still to be written. */
static void note_ended(struct store__segment_log *log, uint64_t first_seq, bool is_closed, int64_t now_ms)
{
	const struct store__ended_segment ended = {
	    .first_seq = first_seq, .ended_ms = now_ms, .content = log->content};
	store__ended_segments_add(&log->ended, &ended);
	log->content = (struct store_loss_counter){0};
	if (!is_closed && log->unclosed_seq == 0)
		log->unclosed_seq = first_seq;
}

int store__segment_log_end_segment(struct store__segment_log *log, int64_t now_ms)
{
	struct store__segment_writer *segment = &log->segment;
	if (segment->fd < 0)
		return 0;
	if (segment->index.count == 0) {
		store__segment_writer_remove(segment); /* the next one has the same name */
		return 0;
	}
	uint64_t first_seq = segment->index.entries[0].header.first_seq;
	char *path = store__repack_is_due(&segment->index) ? strdup(segment->path) : NULL;
	bool sync = log->options->sync != STORE_SYNC_NONE && log->needs_sync;
	struct store__segment_end ended = store__segment_writer_finish(segment, sync);
	log->closed_segments++;
	log->closed_bytes += ended.bytes;
	log->needs_sync = false;
	note_ended(log, first_seq, ended.is_closed, now_ms);
	if (sync && !ended.error)
		log->synced_seq = log->next_seq;
	if (path && ended.is_closed)
		store__repacker_start(&log->repacker, path);
	else
		free(path);
	return ended.error;
}

static void close_unclosed(struct store__segment_log *log, int64_t now_ms)
{
	const struct store__unclosed unclosed = {.dir = log->dir,
						 .open = log->segment.path,
						 .log_id = log->log_id,
						 .first_seq = log->unclosed_seq,
						 .next_seq = log->next_seq,
						 .next_conn = log->next_conn};
	log->closed_ms = now_ms;
	if (log->unclosed_seq > 0 && store__unclosed_close(&unclosed) == 0)
		log->unclosed_seq = 0;
}

void store__segment_log_close(struct store__segment_log *log, int64_t now_ms)
{
	bool is_long = log->segment.end > LAST_REPACK_BYTES;
	log->closed_bytes -= store__repacker_join(&log->repacker, true);
	store__segment_log_end_segment(log, now_ms);
	log->closed_bytes -= store__repacker_join(&log->repacker, is_long);
	close_unclosed(log, now_ms);
	if (has_too_much(log)) /* retention left out a segment that was being repacked */
		retain(log, now_ms);
	store_clients_fini(&log->clients);
	store__encode_worker_close(log->worker);
	store_encoder_close(log->encoder);
	store_batch_close(log->repeats);
	store__ended_segments_fini(&log->ended);
	store_log_unlock(&log->lock);
}

/* ---- who is connected ---- */

void store__segment_log_watch(struct store__segment_log *log, const struct store_batch *batch)
{
	const uint32_t wanted = 1u << WIRE_EVENT_CONNECT | 1u << WIRE_EVENT_DISCONNECT;
	const unsigned char *details = batch->details.bytes;
	uint32_t origin = 0;
	if (!(batch->kinds & wanted))
		return;
	for (uint32_t i = 0; i < batch->events; i++) {
		struct wire_event event = {0};
		struct wire_client client = {0};
		uint32_t len = batch->rows.details_bytes[i];
		uint64_t conn = store__batch_origin(batch, i, &origin)->conn;
		if (batch->rows.kind[i] == WIRE_EVENT_DISCONNECT)
			store_clients_remove(&log->clients, conn);
		else if (batch->rows.kind[i] == WIRE_EVENT_CONNECT &&
			 store__details_get(details, len, &event, &client))
			store_clients_put(&log->clients, conn, &client);
		details = len > 0 ? details + len : details;
	}
}

/* ---- appending ---- */

void store__segment_log_encode_ahead(struct store__segment_log *log, const struct store_batch *batch,
				     int level)
{
	if (!log->worker)
		log->worker = store__encode_worker_open(log->log_id);
	if (log->worker && !store__encode_worker_batch(log->worker))
		store__encode_worker_give(log->worker, batch, level);
}

void store__segment_log_give_up(struct store__segment_log *log, const struct store_batch *batch)
{
	const unsigned char *bytes;
	struct store_block_header header;
	if (store__encode_worker_batch(log->worker) == batch)
		store__encode_worker_take(log->worker, 0, &bytes, &header);
}

/* Take the block from the worker, or encode it now. */
static int64_t encode(struct store__segment_log *log, const struct store_batch *batch, int level,
		      const unsigned char **bytes, struct store_block_header *header)
{
	if (store__encode_worker_batch(log->worker) == batch)
		return store__encode_worker_take(log->worker, log->next_seq, bytes, header);
	return store_encode(log->encoder, batch, log->next_seq, level, bytes, header);
}

static int append_block(struct store__segment_log *log, const struct store_batch *batch, int level)
{
	const unsigned char *bytes;
	struct store_block_header header;
	int64_t len = encode(log, batch, level, &bytes, &header);
	if (len < 0)
		return (int)len;
	int error = store__segment_writer_append(&log->segment, bytes, (size_t)len, &header);
	if (error)
		return error;
	log->next_seq += header.events;
	log->written_bytes += (uint64_t)len;
	log->needs_sync = log->options->sync != STORE_SYNC_NONE;
	if (!log->needs_sync)
		log->synced_seq = log->next_seq;
	if (log->options->sync == STORE_SYNC_INTERVAL)
		store__segment_writer_start_sync(&log->segment);
	if (header.max_conn >= log->next_conn)
		log->next_conn = header.max_conn + 1;
	return 0;
}

static int flush_repeats(struct store__segment_log *log, int level)
{
	int error = store_batch_events(log->repeats) > 0 ? append_block(log, log->repeats, level) : 0;
	store_batch_reset(log->repeats);
	return error;
}

/* Describe the open connections again, so that the segment can be read alone. */
static int repeat_connects(struct store__segment_log *log, int level, int64_t time_ns)
{
	store_batch_reset(log->repeats);
	for (size_t i = 0; i < log->clients.count; i++) {
		const struct store_client *client = log->clients.list[i];
		const struct wire_event event = {.kind = WIRE_EVENT_CONNECT,
						 .flags = WIRE_EVENT_REPEATED,
						 .time_ns = time_ns,
						 .conn = client->conn,
						 .client = &client->client};
		int error = store_batch_append(log->repeats, &event);
		if (error == STORE_EFULL && (error = flush_repeats(log, level)) == 0)
			error = store_batch_append(log->repeats, &event);
		if (error)
			return error;
	}
	return flush_repeats(log, level);
}

/* The file of an attempt to begin this segment that failed and could not be removed: it has no block. */
static bool is_leftover(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size <= STORE_FILE_HEADER_BYTES;
}

static int open_segment(struct store__segment_log *log, const struct store_file_header *header)
{
	char *path = store_log_segment_path(log->dir, log->next_seq);
	int error = store__segment_writer_open(&log->segment, &log->io, path, header);
	if (error != -EEXIST)
		return error;
	path = store_log_segment_path(log->dir, log->next_seq);
	if (path && is_leftover(path) && log->io.unlink(path) != 0) {
		error = -errno;
		free(path);
		return error;
	}
	return store__segment_writer_open(&log->segment, &log->io, path, header);
}

static int begin_segment(struct store__segment_log *log, const struct store_batch *batch, int level,
			 int64_t now_ms)
{
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = log->next_seq,
					   .created_ns = log->io.realtime_ns(),
					   .next_conn = log->next_conn};
	memcpy(header.log_id, log->log_id, sizeof header.log_id);
	snprintf(header.written_by, sizeof header.written_by, "%s",
		 log->options->written_by ? log->options->written_by : "");
	int error = open_segment(log, &header);
	if (error)
		return error;
	if (log->options->sync != STORE_SYNC_NONE)
		error = store__sync_directory_by(&log->io, log->dir);
	error = error ? error : repeat_connects(log, level, store_batch_min_time_ns(batch));
	if (error)
		store__segment_log_end_segment(log, now_ms);
	log->opened_ms = now_ms;
	return error;
}

static bool is_over(const struct store__segment_log *log, int64_t now_ms)
{
	const struct store_writer_options *options = log->options;
	return log->segment.fd >= 0 &&
	       (log->segment.is_broken || log->segment.end >= options->segment_bytes ||
		log->segment.index.count >= STORE_SEGMENT_BLOCKS_MAX ||
		(options->segment_age_ms > 0 && now_ms - log->opened_ms >= options->segment_age_ms));
}

int store__segment_log_append(struct store__segment_log *log, const struct store_batch *batch, int level,
			      int64_t now_ms)
{
	int error = store__segment_log_tend(log, now_ms);
	if (!error && log->segment.fd < 0)
		error = begin_segment(log, batch, level, now_ms);
	error = error ? error : append_block(log, batch, level);
	if (error)
		return error;
	store__segment_log_watch(log, batch);
	store_loss_counter_add_batch(&log->content, batch);
	retain_if_due(log, now_ms);
	return 0;
}

int store__segment_log_sync(struct store__segment_log *log, int64_t now_ms)
{
	if (!log->needs_sync)
		return 0;
	int error = store__segment_writer_sync(&log->segment);
	log->needs_sync = false;
	if (error)
		store__segment_log_end_segment(log, now_ms);
	else
		log->synced_seq = log->next_seq;
	return error;
}

int store__segment_log_tend(struct store__segment_log *log, int64_t now_ms)
{
	int error = is_over(log, now_ms) ? store__segment_log_end_segment(log, now_ms) : 0;
	log->closed_bytes -= store__repacker_reap(&log->repacker);
	if (log->unclosed_seq > 0 && now_ms - log->closed_ms >= STUCK_MS)
		close_unclosed(log, now_ms);
	retain_if_due(log, now_ms);
	return error;
}
