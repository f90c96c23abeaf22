#include "store/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "store/details.h"
#include "store/log.h"
#include "store/repack.h"
#include "store/retain.h"
#include "store/rows.h"

enum {
	RETAIN_MS = 10 * 1000,
	/* At closing, a larger segment is left as it is: nobody likes a program that takes long to stop. */
	LAST_REPACK_BYTES = 64 << 20,
};

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int store__chain_open(struct store__chain *chain, const char *dir, const struct store_writer_options *options,
		      struct wire_fault *fault)
{
	struct store__standing standing;
	*chain = (struct store__chain){.dir = dir,
				       .options = options,
				       .io = options->io ? options->io : &store__system_io,
				       .output.fd = -1};
	struct store__care care = {.report = options->report, .context = options->context};
	int error = store__standing_find(&standing, dir, &care, fault);
	if (error)
		return error;
	memcpy(chain->log_id, standing.log_id, sizeof chain->log_id);
	chain->next_seq = chain->synced_seq = standing.next_seq;
	chain->next_conn = standing.next_conn;
	chain->closed_bytes = standing.bytes;
	chain->closed_segments = standing.segments;
	chain->encoder = store_encoder_open();
	chain->repeats = store_stage_open();
	if (!chain->encoder || !chain->repeats)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	store_encoder_set_log(chain->encoder, chain->log_id);
	return 0;
}

/* ---- ending a segment ---- */

static void retain(struct store__chain *chain, int64_t now_ms)
{
	const struct store_writer_options *options = chain->options;
	struct store__retention retention = {.dir = chain->dir,
					     .max_bytes = options->retain_bytes,
					     .oldest_ns = INT64_MIN,
					     .open = chain->output.path,
					     .rewrite = chain->repacker.path};
	struct store__retained retained;
	chain->retained_ms = now_ms;
	if (options->retain_age_ms > 0)
		retention.oldest_ns = realtime_ns() - options->retain_age_ms * 1000000;
	if (store__retain(&retention, &retained) != 0)
		return;
	chain->closed_bytes = retained.bytes;
	chain->closed_segments = retained.segments;
}

static bool has_too_much(const struct store__chain *chain)
{
	return chain->closed_segments > 0 && chain->options->retain_bytes > 0 &&
	       chain->closed_bytes + chain->output.end > chain->options->retain_bytes;
}

/* 0 or the negated errno of a flush that failed. */
static int end_segment(struct store__chain *chain)
{
	struct store__output *output = &chain->output;
	if (output->fd < 0)
		return 0;
	if (output->index.count == 0) {
		store__output_remove(output); /* its name is the next one's */
		return 0;
	}
	char *path = store__repack_is_due(&output->index) ? strdup(output->path) : NULL;
	bool sync = chain->options->sync != STORE_SYNC_NONE && chain->needs_sync;
	struct store__ended ended = store__output_finish(output, sync);
	chain->closed_segments++;
	chain->closed_bytes += ended.bytes;
	chain->needs_sync = false;
	if (sync && !ended.error)
		chain->synced_seq = chain->next_seq;
	if (path && ended.is_closed)
		store__repacker_start(&chain->repacker, path);
	else
		free(path);
	return ended.error;
}

void store__chain_close(struct store__chain *chain)
{
	bool is_long = chain->output.end > LAST_REPACK_BYTES;
	chain->closed_bytes -= store__repacker_join(&chain->repacker, true);
	end_segment(chain);
	chain->closed_bytes -= store__repacker_join(&chain->repacker, is_long);
	if (has_too_much(chain)) /* a segment that was being repacked was spared so far */
		retain(chain, chain->retained_ms);
	store_clients_fini(&chain->clients);
	store__encode_worker_close(chain->worker);
	store_encoder_close(chain->encoder);
	store_stage_close(chain->repeats);
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

static int begin_segment(struct store__chain *chain, const struct store_stage *stage, int level,
			 int64_t now_ms)
{
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = chain->next_seq,
					   .created_ns = realtime_ns(),
					   .next_conn = chain->next_conn};
	memcpy(header.log_id, chain->log_id, sizeof header.log_id);
	int error = store__output_open(&chain->output, chain->io,
				       store_log_segment_path(chain->dir, chain->next_seq), &header);
	if (error)
		return error;
	if (chain->options->sync != STORE_SYNC_NONE)
		error = store__sync_directory(chain->dir);
	error = error ? error : repeat_connects(chain, level, store_stage_min_time_ns(stage));
	if (error)
		end_segment(chain);
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
	if (has_too_much(chain))
		retain(chain, now_ms);
	return 0;
}

int store__chain_sync(struct store__chain *chain)
{
	if (!chain->needs_sync)
		return 0;
	int error = store__output_sync(&chain->output);
	chain->needs_sync = false;
	if (error)
		end_segment(chain);
	else
		chain->synced_seq = chain->next_seq;
	return error;
}

int store__chain_tend(struct store__chain *chain, int64_t now_ms)
{
	int error = is_over(chain, now_ms) ? end_segment(chain) : 0;
	chain->closed_bytes -= store__repacker_reap(&chain->repacker);
	if (has_too_much(chain) ||
	    (chain->options->retain_age_ms > 0 && now_ms - chain->retained_ms >= RETAIN_MS))
		retain(chain, now_ms);
	return error;
}
