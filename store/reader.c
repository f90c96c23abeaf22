#include "store/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "store/clients.h"
#include "store/hole.h"
#include "store/log.h"
#include "store/segment.h"

enum { POLL_MS = 10 };

struct store_reader {
	char *path;
	struct store_reader_options options;
	struct store_filter *everything; /* used when no filter was given */
	const struct store_filter *filter;

	struct store_log_segments segments;
	size_t segment_at; /* in the list, of the next segment to open */
	struct store_segment *segment;
	size_t entry;       /* forward: next to look at; reverse: number of those left */
	uint64_t edge;      /* forward: the next sequence number; reverse: the last one read; 0 = unknown */
	uint64_t start_seq; /* events numbered below are passed over */

	struct store_block *block;
	bool has_block;
	uint32_t event, events;  /* forward: next and number; reverse: number of those left */
	unsigned char *subjects; /* by subject of the block: passes */
	size_t subjects_cap;

	struct store_clients clients; /* of the open segment */
	size_t clients_entries;       /* entries that were looked through for them */
	struct store_block *clients_block;

	char gap_text[600];
	struct wire_event gap; /* to be given out before the block; kind MESSAGE: none */
	bool has_gap;
	uint64_t damaged_blocks, damaged_events;
	int watch_fd;
};

/* ---- opening ---- */

static void close_segment(struct store_reader *reader)
{
	store_segment_close(reader->segment);
	reader->segment = NULL;
	reader->has_block = false;
	store_clients_fini(&reader->clients);
	reader->clients_entries = 0;
}

void store_reader_close(struct store_reader *reader)
{
	if (!reader)
		return;
	close_segment(reader);
	store_log_segments_fini(&reader->segments);
	store_filter_close(reader->everything);
	store_block_close(reader->block);
	store_block_close(reader->clients_block);
	if (reader->watch_fd >= 0)
		close(reader->watch_fd);
	free(reader->subjects);
	free(reader->path);
	free(reader);
}

/* Where to begin when following from the end: behind what there is now, or `last` matching events before that. */
static int find_start(struct store_reader *reader, struct wire_fault *fault)
{
	struct store_reader_options options = {.filter = reader->options.filter, .reverse = true};
	struct store_reader *back;
	struct wire_event event;
	int status = store_reader_open(&back, reader->path, &options, fault);
	if (status)
		return status;
	uint64_t wanted = reader->options.last, end = 0;
	while ((status = store_reader_next(back, &event, fault)) == 1) {
		if (event.flags & WIRE_EVENT_DAMAGE)
			continue;
		end = end ? end : event.seq + 1;
		if (wanted == 0)
			break;
		reader->start_seq = event.seq;
		if (--wanted == 0)
			break;
	}
	if (reader->start_seq == 0)
		reader->start_seq = end;
	store_reader_close(back);
	return status < 0 ? status : 0;
}

static int open_parts(struct store_reader *reader, const char *path, struct wire_fault *fault)
{
	reader->path = strdup(path);
	reader->block = store_block_open();
	reader->clients_block = store_block_open();
	reader->everything = store_filter_open();
	if (!reader->path || !reader->block || !reader->clients_block || !reader->everything)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	if (!reader->filter)
		reader->filter = reader->everything;
	int error = store_log_list(&reader->segments, path, fault);
	if (error)
		return error;
	reader->segment_at = reader->options.reverse ? reader->segments.count : 0;
	return reader->options.follow && reader->options.from_end ? find_start(reader, fault) : 0;
}

int store_reader_open(struct store_reader **reader, const char *path,
		      const struct store_reader_options *options, struct wire_fault *fault)
{
	struct store_reader *opened = calloc(1, sizeof *opened);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	opened->options = *options;
	opened->filter = options->filter;
	opened->watch_fd = -1;
	int error = open_parts(opened, path, fault);
	if (error) {
		store_reader_close(opened);
		return error;
	}
	*reader = opened;
	return 0;
}

/* ---- segments ---- */

static int open_segment(struct store_reader *reader, const char *path, struct wire_fault *fault)
{
	int error = store_segment_open(&reader->segment, path, fault);
	if (error)
		return error;
	reader->entry = reader->options.reverse ? reader->segment->index.count : 0;
	return 0;
}

/* The segment a live log goes on in, when there is one. 1, 0 or a negative code. */
static int find_newer(struct store_reader *reader, struct wire_fault *fault)
{
	uint64_t after = reader->segment ? reader->segment->header.first_seq : 0;
	store_log_segments_fini(&reader->segments);
	int error = store_log_list(&reader->segments, reader->path, fault);
	if (error == -ENOENT)
		return 0;
	for (reader->segment_at = 0; !error && reader->segment_at < reader->segments.count;
	     reader->segment_at++)
		if (reader->segments.list[reader->segment_at].first_seq > after)
			return 1;
	return error;
}

/* Go on to the next segment. 1, 0 when there is none, or a negative code. */
static int next_segment(struct store_reader *reader, struct wire_fault *fault)
{
	close_segment(reader);
	for (;;) {
		bool reverse = reader->options.reverse;
		if (reverse ? reader->segment_at == 0 : reader->segment_at >= reader->segments.count)
			return 0;
		size_t at = reverse ? --reader->segment_at : reader->segment_at++;
		int error = open_segment(reader, reader->segments.list[at].path, fault);
		if (error != -ENOENT) /* retention took it */
			return error ? error : 1;
	}
}

/* ---- holes ---- */

static void note_gap(struct store_reader *reader, uint64_t from_seq, uint64_t to_seq, int64_t time_ns,
		     const char *what)
{
	snprintf(reader->gap_text, sizeof reader->gap_text,
		 "%s: %s: events %" PRIu64 " to %" PRIu64 " cannot be read; run \"tapedeck verify\"",
		 reader->segment->path, what, from_seq, to_seq);
	reader->gap = (struct wire_event){.kind = WIRE_EVENT_GAP,
					  .flags = WIRE_EVENT_DAMAGE,
					  .seq = from_seq,
					  .time_ns = time_ns,
					  .text = wire_slice_str(reader->gap_text),
					  .from_ns = time_ns,
					  .to_ns = time_ns,
					  .from_seq = from_seq,
					  .to_seq = to_seq};
	reader->has_gap = true;
	reader->damaged_blocks++;
	reader->damaged_events += to_seq - from_seq + 1;
}

/* Sequence numbers rise by one from block to block; what is missing is damage, unless a repair says so already. */
static void look_for_hole(struct store_reader *reader, const struct store_block_header *header)
{
	uint64_t first = header->first_seq, behind = header->first_seq + header->events;
	if (!reader->options.reverse) {
		if (reader->edge > 0 && first > reader->edge && first > reader->start_seq &&
		    !store__hole_is_known(reader->segment, reader->entry - 1, reader->clients_block,
					  first - 1))
			note_gap(reader, reader->edge, first - 1, header->min_time_ns, "blocks are missing");
		reader->edge = behind;
	} else {
		if (reader->edge > behind && !store__hole_is_known(reader->segment, reader->entry + 1,
								   reader->clients_block, reader->edge - 1))
			note_gap(reader, behind, reader->edge - 1, header->max_time_ns, "blocks are missing");
		reader->edge = first;
	}
}

/* ---- blocks ---- */

static bool is_wanted(const struct store_reader *reader, const struct store_block_header *header)
{
	return header->first_seq + header->events > reader->start_seq &&
	       store_filter_block(reader->filter, header);
}

/* Ask the filter once for each subject of the block. False when no event of the block can pass. */
static bool judge_subjects(struct store_reader *reader, const struct store_block_header *header)
{
	uint32_t count = store_block_subjects(reader->block);
	bool any = false;
	for (uint32_t i = 0; i < count; i++) {
		reader->subjects[i] = store_filter_passes_subject(
		    reader->filter, store_block_subject(reader->block, i)->subject);
		any = any || reader->subjects[i];
	}
	return any || header->kinds & ~(1u << WIRE_EVENT_MESSAGE | 1u << WIRE_EVENT_DELIVERY);
}

static int reserve_subjects(struct store_reader *reader)
{
	uint32_t count = store_block_subjects(reader->block);
	if (count <= reader->subjects_cap)
		return 0;
	unsigned char *subjects = realloc(reader->subjects, count);
	if (!subjects)
		return -ENOMEM;
	reader->subjects = subjects;
	reader->subjects_cap = count;
	return 0;
}

/* 1 when the block is loaded, 0 when it holds nothing that passes, or a negative code. */
static int load_block(struct store_reader *reader, size_t entry)
{
	struct store_segment *segment = reader->segment;
	const struct store_block_header *header = &segment->index.entries[entry].header;
	store_block_begin(reader->block, header);
	int error = store_segment_load(segment, entry, STORE_FRAME_DICTIONARY, reader->block);
	error = error ? error : reserve_subjects(reader);
	if (error)
		return error;
	if (!judge_subjects(reader, header))
		return 0;
	error = store_segment_load(segment, entry, STORE_FRAME_COLUMNS, reader->block);
	if (!error && (reader->options.payloads || store_filter_needs_payloads(reader->filter)))
		error = store_segment_load(segment, entry, STORE_FRAME_PAYLOADS, reader->block);
	if (error)
		return error;
	reader->events = header->events;
	reader->event = reader->options.reverse ? header->events : 0;
	reader->has_block = true;
	return 1;
}

/* Look at the next block of the open segment. 1 when it is loaded or a gap was noted, 0 when it was passed over. */
static int take_block(struct store_reader *reader, struct wire_fault *fault)
{
	size_t entry = reader->options.reverse ? --reader->entry : reader->entry++;
	const struct store_block_header header = reader->segment->index.entries[entry].header;
	look_for_hole(reader, &header);
	if (!is_wanted(reader, &header))
		return reader->has_gap;
	int status = load_block(reader, entry);
	if (status >= 0)
		return status || reader->has_gap;
	if (status == -ENOMEM)
		return wire_fault_set(fault, status, "%s: out of memory", reader->segment->path);
	char what[100];
	snprintf(what, sizeof what, "offset %" PRIu64 ": %s block",
		 reader->segment->index.entries[entry].offset,
		 status == STORE_EDAMAGE ? "damaged" : "unreadable");
	note_gap(reader, header.first_seq, header.first_seq + header.events - 1, header.min_time_ns, what);
	reader->gap.from_ns = header.min_time_ns;
	reader->gap.to_ns = header.max_time_ns;
	reader->gap.lost_messages = header.messages;
	return 1;
}

static bool has_entries(const struct store_reader *reader)
{
	if (!reader->segment)
		return false;
	return reader->options.reverse ? reader->entry > 0 : reader->entry < reader->segment->index.count;
}

/* At the end of a live log: has the segment grown, or has the log gone on in a newer one? */
static int look_for_more(struct store_reader *reader, struct wire_fault *fault)
{
	int newer = find_newer(reader, fault);
	if (newer < 0)
		return newer;
	/* Asked in this order, what was written before the newer segment began cannot be missed. */
	int64_t grown = reader->segment ? store_segment_refresh(reader->segment) : 0;
	if (grown != 0)
		return grown > 0 ? 1 : (int)grown;
	return newer ? next_segment(reader, fault) : 0;
}

/* 1 when there is a block or a gap to go on with, 0 at the end, or a negative code. */
static int next_block(struct store_reader *reader, struct wire_fault *fault)
{
	reader->has_block = false;
	for (;;) {
		int status;
		if (has_entries(reader)) {
			status = take_block(reader, fault);
			if (status != 0)
				return status;
			continue;
		}
		bool reverse = reader->options.reverse;
		if (reverse ? reader->segment_at > 0 : reader->segment_at < reader->segments.count)
			status = next_segment(reader, fault);
		else
			status = reader->options.follow ? look_for_more(reader, fault) : 0;
		if (status <= 0)
			return status;
	}
}

/* ---- clients ---- */

static void learn_clients(struct store_reader *reader, size_t entry)
{
	struct wire_event event;
	struct store_block *block = reader->clients_block;
	const struct store_block_header *header = &reader->segment->index.entries[entry].header;
	if (!(header->kinds & 1u << WIRE_EVENT_CONNECT) ||
	    store_segment_load_block(reader->segment, entry, STORE_FRAME_COLUMNS, block) != 0)
		return;
	for (uint32_t i = 0; i < header->events; i++) {
		if (store_block_kind(block, i) != WIRE_EVENT_CONNECT)
			continue;
		store_block_event(block, i, &event);
		store_clients_put(&reader->clients, event.conn, event.client);
	}
}

/* Each segment describes all its connections, so the table lives as long as the segment is open. */
static const struct wire_client *find_client(struct store_reader *reader, uint64_t conn)
{
	if (!reader->segment || conn == 0)
		return NULL;
	for (; reader->clients_entries < reader->segment->index.count; reader->clients_entries++)
		learn_clients(reader, reader->clients_entries);
	return store_clients_find(&reader->clients, conn);
}

const struct wire_client *store_reader_client(struct store_reader *reader, uint64_t conn)
{
	return find_client(reader, conn);
}

/* ---- events ---- */

/* The next event of the loaded block that passes; false at its end. */
static bool next_in_block(struct store_reader *reader, struct wire_event *event)
{
	bool reverse = reader->options.reverse, needs_clients = store_filter_needs_clients(reader->filter);
	while (reader->has_block && (reverse ? reader->event > 0 : reader->event < reader->events)) {
		uint32_t at = reverse ? --reader->event : reader->event++;
		uint32_t subject = store_block_subject_of(reader->block, at);
		if (subject != UINT32_MAX && !reader->subjects[subject])
			continue;
		store_block_event(reader->block, at, event);
		const struct wire_client *client = needs_clients ? find_client(reader, event->conn) : NULL;
		if (event->seq >= reader->start_seq && store_filter_event(reader->filter, event, client))
			return true;
	}
	return false;
}

/* Going forward, a hole comes before the block that showed it; in reverse likewise, as that is read later. */
static bool take_gap(struct store_reader *reader, struct wire_event *event)
{
	if (!reader->has_gap)
		return false;
	reader->has_gap = false;
	*event = reader->gap;
	return store_filter_event(reader->filter, event, NULL);
}

int store_reader_next(struct store_reader *reader, struct wire_event *event, struct wire_fault *fault)
{
	for (;;) {
		if (take_gap(reader, event) || next_in_block(reader, event))
			return 1;
		int status = next_block(reader, fault);
		if (status <= 0)
			return status;
	}
}

int store_reader_wait(struct store_reader *reader, int timeout_ms)
{
	char events[4096];
	if (reader->watch_fd < 0) {
		reader->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (reader->watch_fd >= 0 && inotify_add_watch(reader->watch_fd, reader->path,
							       IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
			close(reader->watch_fd);
			reader->watch_fd = -1;
		}
		if (reader->watch_fd >= 0)
			return 1; /* what came before the watch was set has not been seen */
	}
	struct pollfd poll_fd = {.fd = reader->watch_fd, .events = POLLIN};
	if (reader->watch_fd < 0 && timeout_ms > POLL_MS)
		timeout_ms = POLL_MS;
	int ready = poll(&poll_fd, reader->watch_fd >= 0, timeout_ms);
	if (ready < 0)
		return -errno;
	while (ready > 0 && read(reader->watch_fd, events, sizeof events) > 0)
		;
	return ready > 0 || reader->watch_fd < 0;
}

void store_reader_damage(const struct store_reader *reader, uint64_t *blocks, uint64_t *events)
{
	*blocks = reader->damaged_blocks;
	*events = reader->damaged_events;
}
