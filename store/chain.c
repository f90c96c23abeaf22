#include "store/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/log.h"
#include "store/recover.h"
#include "store/repack.h"
#include "store/segment.h"

enum { REPACK_LEVEL = 3 };

static int64_t realtime_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- opening ---- */

/* Half-done repacks are worth nothing. */
static void remove_temporary(const struct store_log_segments *segments)
{
	for (size_t i = 0; i < segments->count; i++) {
		char path[4200];
		snprintf(path, sizeof path, "%s.tmp", segments->list[i].path);
		unlink(path);
	}
}

static int recover_all(const struct store_log_segments *segments, struct wire_fault *fault)
{
	for (size_t i = 0; i < segments->count; i++) {
		int done = store_recover_segment(segments->list[i].path, fault);
		if (done < 0)
			return done;
	}
	return 0;
}

static void learn_from(struct store__chain *chain, const struct store_segment *segment)
{
	const struct store_index *index = &segment->index;
	memcpy(chain->log_id, segment->header.log_id, sizeof chain->log_id);
	if (segment->header.next_conn > chain->next_conn)
		chain->next_conn = segment->header.next_conn;
	if (segment->header.first_seq > chain->next_seq)
		chain->next_seq = segment->header.first_seq;
	for (size_t i = 0; i < index->count; i++) {
		const struct store_block_header *header = &index->entries[i].header;
		if (header->first_seq + header->events > chain->next_seq)
			chain->next_seq = header->first_seq + header->events;
		if (header->max_conn >= chain->next_conn)
			chain->next_conn = header->max_conn + 1;
	}
}

/* The last segment tells all: each begins with what the ones before it had used up. */
static int learn(struct store__chain *chain, const struct store_log_segments *segments,
		 struct wire_fault *fault)
{
	struct store_segment *last;
	for (size_t i = 0; i < segments->count; i++)
		chain->closed_bytes += segments->list[i].bytes;
	chain->closed_segments = (uint32_t)segments->count;
	if (segments->count == 0) {
		if (getrandom(chain->log_id, sizeof chain->log_id, 0) != sizeof chain->log_id)
			return wire_fault_set(fault, -errno, "%s: no random number for the log's id",
					      chain->dir);
		return 0;
	}
	int error = store_segment_open(&last, segments->list[segments->count - 1].path, fault);
	if (error)
		return error;
	learn_from(chain, last);
	store_segment_close(last);
	return 0;
}

static int open_parts(struct store__chain *chain)
{
	chain->encoder = store_encoder_open();
	chain->repeats = store_stage_open();
	chain->block = store_block_open();
	return chain->encoder && chain->repeats && chain->block ? 0 : -ENOMEM;
}

int store__chain_open(struct store__chain *chain, const char *dir, const struct store_writer_options *options,
		      struct wire_fault *fault)
{
	struct store_log_segments segments;
	*chain = (struct store__chain){.dir = dir,
				       .options = options,
				       .io = options->io ? options->io : &store__system_io,
				       .output.fd = -1,
				       .next_seq = 1,
				       .next_conn = 1};
	int error = store_log_list(&segments, dir, fault);
	if (error)
		return error;
	remove_temporary(&segments);
	error = recover_all(&segments, fault);
	store_log_segments_fini(&segments);
	error = error ? error : store_log_list(&segments, dir, fault);
	if (error)
		return error;
	error = learn(chain, &segments, fault);
	store_log_segments_fini(&segments);
	if (!error && (error = open_parts(chain)) != 0)
		wire_fault_set(fault, error, "%s: out of memory", dir);
	return error;
}

/* ---- ending a segment ---- */

static void *repack(void *context)
{
	struct store__chain *chain = context;
	store__repack(chain->repack_path, chain->repack_level, &chain->stop_repacking);
	return NULL;
}

static void join_repacker(struct store__chain *chain)
{
	if (!chain->is_repacking)
		return;
	pthread_join(chain->repacker, NULL);
	free(chain->repack_path);
	chain->is_repacking = false;
}

static void start_repacker(struct store__chain *chain, char *path)
{
	join_repacker(chain);
	chain->repack_path = path;
	chain->repack_level = REPACK_LEVEL;
	chain->is_repacking = pthread_create(&chain->repacker, NULL, repack, chain) == 0;
	if (!chain->is_repacking)
		free(path);
}

struct total {
	uint64_t bytes;
	int64_t cutoff_ns; /* what was last written before is too old; 0 = nothing is */
};

static bool is_dispensable(const struct store__chain *chain, const struct store_log_segment *segment,
			   const struct total *total)
{
	struct stat info;
	if (chain->options->retain_bytes > 0 && total->bytes > chain->options->retain_bytes)
		return true;
	return total->cutoff_ns > 0 && stat(segment->path, &info) == 0 &&
	       (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec < total->cutoff_ns;
}

/* Delete the oldest closed segments that the operator's limits leave no room for. */
static void retain(struct store__chain *chain)
{
	const struct store_writer_options *options = chain->options;
	struct store_log_segments segments;
	struct total total = {0};
	if (options->retain_age_ms > 0)
		total.cutoff_ns = realtime_ns() - options->retain_age_ms * 1000000;
	if (store_log_list(&segments, chain->dir, NULL) != 0)
		return;
	for (size_t i = 0; i < segments.count; i++)
		total.bytes += segments.list[i].bytes;
	uint64_t kept_bytes = total.bytes;
	uint32_t kept = (uint32_t)segments.count;
	for (size_t i = 0; i < segments.count && is_dispensable(chain, &segments.list[i], &total); i++) {
		if (chain->output.path && strcmp(chain->output.path, segments.list[i].path) == 0)
			break;
		if (unlink(segments.list[i].path) != 0)
			break;
		kept--;
		kept_bytes -= segments.list[i].bytes;
		total.bytes -= segments.list[i].bytes;
	}
	chain->closed_bytes = kept_bytes;
	chain->closed_segments = kept;
	store_log_segments_fini(&segments);
}

void store__chain_end_segment(struct store__chain *chain)
{
	struct store__output *output = &chain->output;
	if (output->fd < 0)
		return;
	if (output->index.count == 0) {
		unlink(output->path); /* its name is the next segment's */
		store__output_abandon(output);
		return;
	}
	char *path = store__repack_is_due(&output->index) ? strdup(output->path) : NULL;
	if (store__output_finish(output) != 0) {
		free(path); /* without a footer it is not closed: recovery's business */
		path = NULL;
	}
	chain->needs_sync = false;
	if (path)
		start_repacker(chain, path);
	retain(chain);
}

void store__chain_close(struct store__chain *chain)
{
	if (chain->encoder)
		store__chain_end_segment(chain);
	join_repacker(chain);
	store_clients_fini(&chain->clients);
	store_encoder_close(chain->encoder);
	store_stage_close(chain->repeats);
	store_block_close(chain->block);
}

/* ---- blocks ---- */

static void follow_clients(struct store__chain *chain, const struct store_block_header *header)
{
	struct wire_event event;
	for (uint32_t i = 0; i < header->events; i++) {
		enum wire_event_kind kind = store_block_kind(chain->block, i);
		if (kind == WIRE_EVENT_DISCONNECT)
			store_clients_remove(&chain->clients, store_block_conn(chain->block, i));
		if (kind != WIRE_EVENT_CONNECT)
			continue;
		store_block_event(chain->block, i, &event);
		store_clients_put(&chain->clients, event.conn, event.client);
	}
}

/* Read connects and disconnects back from the block just encoded: they are rare, and this way one place knows how a
 * block is read. */
static void watch_clients(struct store__chain *chain, const struct store_block_header *header,
			  const unsigned char *bytes)
{
	const uint32_t wanted = 1u << WIRE_EVENT_CONNECT | 1u << WIRE_EVENT_DISCONNECT;
	if (!(header->kinds & wanted))
		return;
	bytes += STORE_BLOCK_HEADER_BYTES;
	store_block_begin(chain->block, header);
	if (store_block_load(chain->block, STORE_FRAME_DICTIONARY, bytes) == 0 &&
	    store_block_load(chain->block, STORE_FRAME_COLUMNS,
			     bytes + header->frames[STORE_FRAME_DICTIONARY].stored_bytes) == 0)
		follow_clients(chain, header);
}

static int append_block(struct store__chain *chain, const struct store_stage *stage, int level)
{
	const unsigned char *bytes;
	struct store_block_header header;
	int64_t len = store_encode(chain->encoder, stage, chain->next_seq, level, &bytes, &header);
	if (len < 0)
		return (int)len;
	int error = store__output_append(&chain->output, bytes, (size_t)len, &header);
	if (error)
		return error;
	chain->next_seq += header.events;
	chain->written_bytes += (uint64_t)len;
	chain->needs_sync = true;
	if (header.max_conn >= chain->next_conn)
		chain->next_conn = header.max_conn + 1;
	watch_clients(chain, &header, bytes);
	return 0;
}

/* ---- beginning a segment ---- */

static int flush_repeats(struct store__chain *chain, int level)
{
	int error = store_stage_events(chain->repeats) > 0 ? append_block(chain, chain->repeats, level) : 0;
	store_stage_reset(chain->repeats);
	return error;
}

/* Describe the connections that are still open, so that the segment can be read alone. */
static int repeat_connects(struct store__chain *chain, int level, int64_t time_ns)
{
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
	error = error ? error : store__sync_directory(chain->dir);
	if (error)
		return error;
	chain->opened_ms = now_ms;
	return repeat_connects(chain, level, store_stage_min_time_ns(stage));
}

/* ---- appending ---- */

int store__chain_append(struct store__chain *chain, const struct store_stage *stage, int level,
			int64_t now_ms)
{
	if (chain->output.fd >= 0 && chain->output.end >= chain->options->segment_bytes)
		store__chain_end_segment(chain);
	int error = chain->output.fd < 0 ? begin_segment(chain, stage, level, now_ms) : 0;
	return error ? error : append_block(chain, stage, level);
}

int store__chain_sync(struct store__chain *chain)
{
	if (!chain->needs_sync)
		return 0;
	int error = store__output_sync(&chain->output);
	if (!error)
		chain->needs_sync = false;
	return error;
}

void store__chain_age(struct store__chain *chain, int64_t now_ms)
{
	if (chain->output.fd >= 0 && chain->options->segment_age_ms > 0 &&
	    now_ms - chain->opened_ms >= chain->options->segment_age_ms)
		store__chain_end_segment(chain);
}
