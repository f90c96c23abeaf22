#include "store/write/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/care/repack.h"
#include "store/care/retain.h"
#include "store/care/unclosed.h"
#include "store/format/details.h"
#include "store/write/rows.h"

enum {
	RETAIN_MS = 10 * 1000,
	RETAIN_MIN_MS = 100,
	STUCK_MS = 1000, /* until deleting or closing is tried again after it failed */
	/* At closing, a larger segment is left as it is: nobody likes a program that takes long to stop. */
	LAST_REPACK_BYTES = 64 << 20,
};

static int adopt(struct store__chain *chain, const struct store__standing *standing, struct wire_fault *fault)
{
	memcpy(chain->log_id, standing->log_id, sizeof chain->log_id);
	chain->next_seq = chain->synced_seq = standing->next_seq;
	chain->next_conn = standing->next_conn;
	chain->closed_bytes = standing->bytes;
	chain->closed_segments = standing->segments;
	chain->encoder = store_encoder_open();
	chain->repeats = store_stage_open();
	if (!chain->encoder || !chain->repeats)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", chain->dir);
	store_encoder_set_log(chain->encoder, chain->log_id);
	return 0;
}

int store__chain_open(struct store__chain *chain, const char *dir, const struct store_writer_options *options,
		      int64_t now_ms, struct wire_fault *fault)
{
	struct store__standing standing;
	struct store__care care = {.report = options->report, .context = options->context};
	*chain = (struct store__chain){.dir = dir,
				       .options = options,
				       .io = store__io_of(options->io),
				       .lock = {-1, -1},
				       .started_ms = now_ms,
				       .clock_ns = INT64_MAX,
				       .output.fd = -1};
	int error = store_log_lock(&chain->lock, dir, fault);
	error = error ? error : store__standing_find(&standing, dir, &care, fault);
	return error ? error : adopt(chain, &standing, fault);
}

/* ---- old segments ---- */

/* A wall clock that is ahead makes segments look old: what it showed at its lowest counts. The file system's own clock is asked,
 * too, since file times are by that one. */
static int64_t wall_clock_ns(struct store__chain *chain, int64_t now_ms)
{
	struct stat info;
	int64_t offset_ns = chain->io.realtime_ns() - now_ms * 1000000;
	if (offset_ns < chain->clock_ns)
		chain->clock_ns = offset_ns;
	if (futimens(chain->lock.file_fd, NULL) == 0 && fstat(chain->lock.file_fd, &info) == 0) {
		offset_ns = store_log_time_ns(&info.st_mtim) - now_ms * 1000000;
		if (offset_ns < chain->clock_ns)
			chain->clock_ns = offset_ns;
	}
	return now_ms * 1000000 + chain->clock_ns;
}

static int64_t when_to_retain(const struct store__chain *chain, int64_t now_ms)
{
	int64_t period_ms = chain->options->retain_age_ms / 4;
	if (chain->stuck[0])
		return now_ms + STUCK_MS;
	return now_ms + (period_ms > RETAIN_MS       ? RETAIN_MS
			 : period_ms < RETAIN_MIN_MS ? RETAIN_MIN_MS
						     : period_ms);
}

static void retain(struct store__chain *chain, int64_t now_ms)
{
	const struct store_writer_options *options = chain->options;
	const struct store__retention retention = {.dir = chain->dir,
						   .io = &chain->io,
						   .max_bytes = options->retain_bytes,
						   .max_age_ms = options->retain_age_ms,
						   .open = chain->output.path,
						   .rewrite = chain->repacker.path,
						   .history = &chain->history,
						   .started_ms = chain->started_ms,
						   .now_ms = now_ms,
						   .now_ns = wall_clock_ns(chain, now_ms)};
	struct store__retained retained;
	int error = store__retain(&retention, &retained);
	if (error) {
		snprintf(chain->stuck, sizeof chain->stuck, "retention cannot list the log: %s",
			 wire_error_text(error));
	} else {
		memcpy(chain->stuck, retained.stuck, sizeof chain->stuck);
		chain->closed_bytes = retained.bytes;
		chain->closed_segments = retained.segments;
		store__history_forget(&chain->history, retained.oldest_seq);
	}
	chain->retain_ms = when_to_retain(chain, now_ms);
}

static bool has_too_much(const struct store__chain *chain)
{
	return chain->closed_segments > 0 && chain->options->retain_bytes > 0 &&
	       chain->closed_bytes + chain->output.end > chain->options->retain_bytes;
}

static void retain_if_due(struct store__chain *chain, int64_t now_ms)
{
	bool is_time = now_ms >= chain->retain_ms;
	if ((has_too_much(chain) && (is_time || !chain->stuck[0])) ||
	    (chain->options->retain_age_ms > 0 && is_time))
		retain(chain, now_ms);
}

/* ---- ending a segment ---- */

/* Note when the segment ended and what is in it; or that its footer is still to be written. */
static void note_ended(struct store__chain *chain, uint64_t first_seq, bool is_closed, int64_t now_ms)
{
	const struct store__ended_segment ended = {
	    .first_seq = first_seq, .ended_ms = now_ms, .content = chain->content};
	store__history_add(&chain->history, &ended);
	chain->content = (struct store_loss){0};
	if (!is_closed && chain->unclosed_seq == 0)
		chain->unclosed_seq = first_seq;
}

int store__chain_end_segment(struct store__chain *chain, int64_t now_ms)
{
	struct store__output *output = &chain->output;
	if (output->fd < 0)
		return 0;
	if (output->index.count == 0) {
		store__output_remove(output); /* its name is the next one's */
		return 0;
	}
	uint64_t first_seq = output->index.entries[0].header.first_seq;
	char *path = store__repack_is_due(&output->index) ? strdup(output->path) : NULL;
	bool sync = chain->options->sync != STORE_SYNC_NONE && chain->needs_sync;
	struct store__ended ended = store__output_finish(output, sync);
	chain->closed_segments++;
	chain->closed_bytes += ended.bytes;
	chain->needs_sync = false;
	note_ended(chain, first_seq, ended.is_closed, now_ms);
	if (sync && !ended.error)
		chain->synced_seq = chain->next_seq;
	if (path && ended.is_closed)
		store__repacker_start(&chain->repacker, path);
	else
		free(path);
	return ended.error;
}

static void close_unclosed(struct store__chain *chain, int64_t now_ms)
{
	const struct store__unclosed unclosed = {.dir = chain->dir,
						 .open = chain->output.path,
						 .log_id = chain->log_id,
						 .first_seq = chain->unclosed_seq,
						 .next_seq = chain->next_seq,
						 .next_conn = chain->next_conn};
	chain->closed_ms = now_ms;
	if (chain->unclosed_seq > 0 && store__unclosed_close(&unclosed) == 0)
		chain->unclosed_seq = 0;
}

void store__chain_close(struct store__chain *chain, int64_t now_ms)
{
	bool is_long = chain->output.end > LAST_REPACK_BYTES;
	chain->closed_bytes -= store__repacker_join(&chain->repacker, true);
	store__chain_end_segment(chain, now_ms);
	chain->closed_bytes -= store__repacker_join(&chain->repacker, is_long);
	close_unclosed(chain, now_ms);
	if (has_too_much(chain)) /* a segment that was being repacked was spared so far */
		retain(chain, now_ms);
	store_clients_fini(&chain->clients);
	store__encode_worker_close(chain->worker);
	store_encoder_close(chain->encoder);
	store_stage_close(chain->repeats);
	store__history_fini(&chain->history);
	store_log_unlock(&chain->lock);
}

/* ---- who is connected ---- */

void store__chain_watch(struct store__chain *chain, const struct store_stage *stage)
{
	const uint32_t wanted = 1u << WIRE_EVENT_CONNECT | 1u << WIRE_EVENT_DISCONNECT;
	const unsigned char *details = stage->details.bytes;
	uint32_t moment = 0;
	if (!(stage->kinds & wanted))
		return;
	for (uint32_t i = 0; i < stage->events; i++) {
		struct wire_event event = {0};
		struct wire_client client = {0};
		uint32_t len = stage->rows.details_bytes[i];
		uint64_t conn = store__stage_moment(stage, i, &moment)->conn;
		if (stage->rows.kind[i] == WIRE_EVENT_DISCONNECT)
			store_clients_remove(&chain->clients, conn);
		else if (stage->rows.kind[i] == WIRE_EVENT_CONNECT &&
			 store__details_get(details, len, &event, &client))
			store_clients_put(&chain->clients, conn, &client);
		details = len > 0 ? details + len : details;
	}
}

/* ---- appending ---- */

void store__chain_encode_ahead(struct store__chain *chain, const struct store_stage *stage, int level)
{
	if (!chain->worker)
		chain->worker = store__encode_worker_open(chain->log_id);
	if (chain->worker && !store__encode_worker_stage(chain->worker))
		store__encode_worker_give(chain->worker, stage, level);
}

void store__chain_give_up(struct store__chain *chain, const struct store_stage *stage)
{
	const unsigned char *bytes;
	struct store_block_header header;
	if (store__encode_worker_stage(chain->worker) == stage)
		store__encode_worker_take(chain->worker, 0, &bytes, &header);
}

/* The worker has encoded it, or it is done now. */
static int64_t encode(struct store__chain *chain, const struct store_stage *stage, int level,
		      const unsigned char **bytes, struct store_block_header *header)
{
	if (store__encode_worker_stage(chain->worker) == stage)
		return store__encode_worker_take(chain->worker, chain->next_seq, bytes, header);
	return store_encode(chain->encoder, stage, chain->next_seq, level, bytes, header);
}

static int append_block(struct store__chain *chain, const struct store_stage *stage, int level)
{
	const unsigned char *bytes;
	struct store_block_header header;
	int64_t len = encode(chain, stage, level, &bytes, &header);
	if (len < 0)
		return (int)len;
	int error = store__output_append(&chain->output, bytes, (size_t)len, &header);
	if (error)
		return error;
	chain->next_seq += header.events;
	chain->written_bytes += (uint64_t)len;
	chain->needs_sync = chain->options->sync != STORE_SYNC_NONE;
	if (!chain->needs_sync)
		chain->synced_seq = chain->next_seq;
	if (chain->options->sync == STORE_SYNC_INTERVAL)
		store__output_start_sync(&chain->output);
	if (header.max_conn >= chain->next_conn)
		chain->next_conn = header.max_conn + 1;
	return 0;
}

static int flush_repeats(struct store__chain *chain, int level)
{
	int error = store_stage_events(chain->repeats) > 0 ? append_block(chain, chain->repeats, level) : 0;
	store_stage_reset(chain->repeats);
	return error;
}

/* Describe the connections that are still open, so that the segment can be read alone. */
static int repeat_connects(struct store__chain *chain, int level, int64_t time_ns)
{
	store_stage_reset(chain->repeats);
	for (size_t i = 0; i < chain->clients.count; i++) {
		const struct store_client *client = chain->clients.list[i];
		const struct wire_event event = {.kind = WIRE_EVENT_CONNECT,
						 .flags = WIRE_EVENT_REPEATED,
						 .time_ns = time_ns,
						 .conn = client->conn,
						 .client = &client->client};
		int error = store_stage_append(chain->repeats, &event);
		if (error == STORE_EFULL && (error = flush_repeats(chain, level)) == 0)
			error = store_stage_append(chain->repeats, &event);
		if (error)
			return error;
	}
	return flush_repeats(chain, level);
}

/* An attempt to begin this segment failed, and so did removing its file: it holds no block. */
static bool is_leftover(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size <= STORE_FILE_HEADER_BYTES;
}

static int open_output(struct store__chain *chain, const struct store_file_header *header)
{
	char *path = store_log_segment_path(chain->dir, chain->next_seq);
	int error = store__output_open(&chain->output, &chain->io, path, header);
	if (error != -EEXIST)
		return error;
	path = store_log_segment_path(chain->dir, chain->next_seq);
	if (path && is_leftover(path) && chain->io.unlink(path) != 0) {
		error = -errno;
		free(path);
		return error;
	}
	return store__output_open(&chain->output, &chain->io, path, header);
}

static int begin_segment(struct store__chain *chain, const struct store_stage *stage, int level,
			 int64_t now_ms)
{
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = chain->next_seq,
					   .created_ns = chain->io.realtime_ns(),
					   .next_conn = chain->next_conn};
	memcpy(header.log_id, chain->log_id, sizeof header.log_id);
	int error = open_output(chain, &header);
	if (error)
		return error;
	if (chain->options->sync != STORE_SYNC_NONE)
		error = store__sync_directory_by(&chain->io, chain->dir);
	error = error ? error : repeat_connects(chain, level, store_stage_min_time_ns(stage));
	if (error)
		store__chain_end_segment(chain, now_ms);
	chain->opened_ms = now_ms;
	return error;
}

static bool is_over(const struct store__chain *chain, int64_t now_ms)
{
	const struct store_writer_options *options = chain->options;
	return chain->output.fd >= 0 &&
	       (chain->output.is_broken || chain->output.end >= options->segment_bytes ||
		chain->output.index.count >= STORE_SEGMENT_BLOCKS_MAX ||
		(options->segment_age_ms > 0 && now_ms - chain->opened_ms >= options->segment_age_ms));
}

int store__chain_append(struct store__chain *chain, const struct store_stage *stage, int level,
			int64_t now_ms)
{
	int error = store__chain_tend(chain, now_ms);
	if (!error && chain->output.fd < 0)
		error = begin_segment(chain, stage, level, now_ms);
	error = error ? error : append_block(chain, stage, level);
	if (error)
		return error;
	store__chain_watch(chain, stage);
	store_loss_add_stage(&chain->content, stage);
	retain_if_due(chain, now_ms);
	return 0;
}

int store__chain_sync(struct store__chain *chain, int64_t now_ms)
{
	if (!chain->needs_sync)
		return 0;
	int error = store__output_sync(&chain->output);
	chain->needs_sync = false;
	if (error)
		store__chain_end_segment(chain, now_ms);
	else
		chain->synced_seq = chain->next_seq;
	return error;
}

int store__chain_tend(struct store__chain *chain, int64_t now_ms)
{
	int error = is_over(chain, now_ms) ? store__chain_end_segment(chain, now_ms) : 0;
	chain->closed_bytes -= store__repacker_reap(&chain->repacker);
	if (chain->unclosed_seq > 0 && now_ms - chain->closed_ms >= STUCK_MS)
		close_unclosed(chain, now_ms);
	retain_if_due(chain, now_ms);
	return error;
}
