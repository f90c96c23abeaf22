#include "store/care/log_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "store/care/damage_gap.h"
#include "store/care/recover.h"
#include "store/care/repair.h"
#include "store/read/known_gap.h"
#include "store/read/log.h"

struct take_over {
	struct store__log_state *state;
	struct store__care *care;
	const char *dir;
	struct store_log_segments segments;
	struct store_block *block; /* scratch memory */
};

static void __attribute__((format(printf, 2, 3)))
report(const struct take_over *over, const char *format, ...)
{
	char line[900];
	va_list arguments;
	if (!over->care->report)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	over->care->report(over->care->context, line);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- before anything is touched ---- */

/* Read the file header. 0 or a negative code. */
static int peek(const char *path, struct store_file_header *header)
{
	unsigned char bytes[STORE_FILE_HEADER_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t got = pread(fd, bytes, sizeof bytes, 0);
	close(fd);
	return got == (ssize_t)sizeof bytes ? store_file_header_get(header, bytes) : STORE_EFORMAT;
}

/* Take the id of the log from the first segment that can be read; else make a new one. */
static int find_log_id(struct take_over *over, struct wire_fault *fault)
{
	bool is_known = false;
	for (size_t i = 0; i < over->segments.count; i++) {
		struct store_file_header header;
		int error = peek(over->segments.list[i].path, &header);
		if (error == STORE_EVERSION)
			return wire_fault_set(fault, error,
					      "%s: this log was written by a newer version of tapedeck; "
					      "record with that one, or into another directory",
					      over->dir);
		if (error == 0 && !is_known)
			memcpy(over->state->log_id, header.log_id, sizeof header.log_id);
		is_known |= error == 0;
	}
	size_t len = sizeof over->state->log_id;
	if (!is_known && getrandom(over->state->log_id, len, 0) != (ssize_t)len)
		return wire_fault_set(fault, -EIO, "%s: no random number for the log's id", over->dir);
	return 0;
}

/* ---- one segment ---- */

static void learn_segment(struct take_over *over, struct store_segment_reader *segment)
{
	struct store__log_state *state = over->state;
	const struct store_index *index = &segment->index;
	state->segments++;
	state->bytes += segment->file_bytes;
	state->next_conn = larger(state->next_conn, segment->header.next_conn);
	state->next_seq = larger(state->next_seq, segment->header.first_seq);
	state->next_seq = larger(state->next_seq, store__known_gap_next_seq(segment, over->block));
	for (size_t i = 0; i < index->count; i++) {
		const struct store_block_header *header = &index->entries[i].header;
		state->next_conn = larger(state->next_conn, header->max_conn + 1);
		if (state->last_time_ns < header->max_time_ns)
			state->last_time_ns = header->max_time_ns;
	}
}

/* The numbers in a segment that could not be made whole are unknown: skip all that it may have. */
static void skip_unknown(struct take_over *over, uint64_t bytes)
{
	struct store__log_state *state = over->state;
	uint64_t most = store__damage_gap_max_events(bytes);
	if (state->next_seq < UINT64_MAX - 1 - most)
		state->next_seq += most;
}

/* 0, or a negative code with *fault. */
static int learn(struct take_over *over, const struct store_log_segment *listed, struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	over->state->next_seq = larger(over->state->next_seq, listed->first_seq);
	int error = store_segment_reader_open(&segment, listed->path, fault);
	if (error == -ENOENT)
		return 0;
	if (error == STORE_EFORMAT || error == STORE_EDAMAGE)
		skip_unknown(over, listed->bytes);
	if (error)
		return error == -ENOMEM || over->care->is_thorough ? error : 0;
	learn_segment(over, segment);
	if (store_segment_reader_lost_end(segment))
		skip_unknown(over, segment->file_bytes - segment->end);
	store_segment_reader_close(segment);
	return 0;
}

/* ---- making it whole ---- */

static struct store_surroundings surroundings_of(const struct take_over *over, size_t at)
{
	const struct store_log_segment *listed = &over->segments.list[at];
	const struct store__log_state *state = over->state;
	bool is_last = at + 1 == over->segments.count;
	struct store_surroundings around = {.first_seq = larger(state->next_seq, listed->first_seq),
					    .end_seq = is_last ? 0 : listed[1].first_seq,
					    .next_conn = state->next_conn,
					    .before_ns = state->last_time_ns,
					    .after_ns = listed->modified_ns};
	memcpy(around.log_id, state->log_id, sizeof around.log_id);
	return around;
}

static void report_recovery(const struct take_over *over, const struct store_log_segment *listed,
			    bool is_last, const struct store_recovery *recovery)
{
	if (!recovery->kept_as)
		return;
	if (recovery->from_seq == 0)
		report(over,
		       "%s was left open by a crash; its unfinished end was removed from the log and is kept "
		       "as %s",
		       listed->path, recovery->kept_as);
	else
		report(over,
		       "%s is damaged: the unreadable part is kept as %s; %s %" PRIu64 " to %" PRIu64
		       " are lost",
		       listed->path, recovery->kept_as, is_last ? "at most events" : "events",
		       recovery->from_seq, recovery->to_seq);
}

/* 0, or a negative code with *fault. */
static int recover(struct take_over *over, size_t at, struct wire_fault *fault)
{
	struct store_recovery recovery;
	const struct store_log_segment *listed = &over->segments.list[at];
	const char *path = listed->path;
	const struct store_surroundings around = surroundings_of(over, at);
	int status = store_recover_segment(path, &around, &recovery, fault);
	over->care->changed += status > 0;
	report_recovery(over, listed, at + 1 == over->segments.count, &recovery);
	free(recovery.kept_as);
	if (status < 0 && status != -ENOENT && status != -ENOMEM && !over->care->is_thorough)
		report(over, "%s cannot be recovered now: %s", path, wire_error_text(status));
	return status < 0 && status != -ENOENT && (status == -ENOMEM || over->care->is_thorough) ? status : 0;
}

static int repair(struct take_over *over, size_t at, struct wire_fault *fault)
{
	char *kept_as;
	const char *path = over->segments.list[at].path;
	int status = store__repair_segment(path, &kept_as, fault);
	over->care->changed += status > 0;
	if (kept_as)
		report(over, "%s: repaired; the original is kept as %s", path, kept_as);
	free(kept_as);
	return status < 0 ? status : 0;
}

static int write_missing(const struct take_over *over, uint64_t end_seq, int64_t after_ns)
{
	const struct store__log_state *state = over->state;
	struct store_file_header header = {.major = STORE_VERSION_MAJOR,
					   .minor = STORE_VERSION_MINOR,
					   .first_seq = state->next_seq,
					   .created_ns = after_ns,
					   .next_conn = state->next_conn};
	const struct store__damage_gap lost = {.from_seq = state->next_seq,
					       .to_seq = end_seq - 1,
					       .from_ns = state->last_time_ns,
					       .to_ns = after_ns,
					       .text =
						   "a segment was missing; a repair replaced it by this gap"};
	char *path = store_log_segment_path(over->dir, state->next_seq), *temporary = NULL;
	int error = path && asprintf(&temporary, "%s.tmp", path) >= 0 ? 0 : -ENOMEM;
	memcpy(header.log_id, state->log_id, sizeof header.log_id);
	error = error ? error : store__damage_gap_segment(temporary, &header, &lost);
	if (!error && rename(temporary, path) != 0)
		error = -errno;
	error = error ? error : store__sync_directory(over->dir);
	free(temporary);
	free(path);
	return error;
}

/* Put a gap event before this segment when the numbers before it are missing. */
static int fill_hole(struct take_over *over, size_t at, struct wire_fault *fault)
{
	const struct store_log_segment *listed = &over->segments.list[at];
	struct store_segment_reader *segment;
	uint64_t next_seq = over->state->next_seq;
	if (over->state->segments == 0 || listed->first_seq <= next_seq ||
	    store_segment_reader_open(&segment, listed->path, NULL) != 0)
		return 0;
	int64_t after_ns = segment->index.count > 0 ? segment->index.entries[0].header.min_time_ns
						    : segment->header.created_ns;
	store_segment_reader_close(segment);
	int error = write_missing(over, listed->first_seq, after_ns);
	if (error)
		return wire_fault_set(fault, error, "%s: cannot write a gap for missing segments: %s",
				      over->dir, wire_error_text(error));
	over->care->changed++;
	report(over, "events %" PRIu64 " to %" PRIu64 " were missing; a gap event replaces them now",
	       next_seq, listed->first_seq - 1);
	return 0;
}

static int take_over(struct take_over *over, size_t at, struct wire_fault *fault)
{
	uint64_t changed = over->care->changed;
	int error = recover(over, at, fault);
	if (!error && over->care->is_thorough)
		error = repair(over, at, fault);
	if (over->care->changed > changed) /* however often */
		over->care->changed = changed + 1;
	if (!error && over->care->is_thorough)
		error = fill_hole(over, at, fault);
	return error ? error : learn(over, &over->segments.list[at], fault);
}

static int take_over_all(struct take_over *over, struct wire_fault *fault)
{
	int error = find_log_id(over, fault);
	if (error)
		return error;
	store_log_remove_temporary(over->dir);
	for (size_t i = 0; i < over->segments.count && !error; i++)
		error = take_over(over, i, fault);
	return error;
}

int store__log_state_find(struct store__log_state *state, const char *dir, struct store__care *care,
			  struct wire_fault *fault)
{
	struct take_over over = {.state = state, .care = care, .dir = dir, .block = store_block_open()};
	*state = (struct store__log_state){.next_seq = 1, .next_conn = 1};
	int error = over.block ? store_log_list(&over.segments, dir, fault)
			       : wire_fault_set(fault, -ENOMEM, "%s: out of memory", dir);
	error = error ? error : take_over_all(&over, fault);
	store_log_segments_fini(&over.segments);
	store_block_close(over.block);
	return error;
}
