#include "store/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/encode.h"
#include "store/hole.h"
#include "store/log.h"
#include "store/output.h"
#include "store/recover.h"
#include "store/segment.h"

struct run {
	struct store_verify_report *report;
	store_verify_finding *finding;
	void *context;
	struct store_block *block, *scratch;
	uint64_t edge; /* next sequence number, 0 = unknown */
};

static void __attribute__((format(printf, 2, 3))) find(struct run *run, const char *format, ...)
{
	char line[700];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (run->finding)
		run->finding(run->context, line);
}

/* ---- checking ---- */

static void check_sequence(struct run *run, struct store_segment *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	uint64_t first = found->header.first_seq;
	if (run->edge > 0 && first < run->edge) {
		run->report->damaged_blocks++;
		find(run,
		     "%s, offset %" PRIu64 ": sequence number %" PRIu64 " comes again (expected %" PRIu64 ")",
		     segment->path, found->offset, first, run->edge);
	}
	if (run->edge > 0 && first > run->edge &&
	    !store__hole_is_known(segment, entry, run->scratch, first - 1)) {
		run->report->missing_events += first - run->edge;
		find(run,
		     "%s, offset %" PRIu64 ": events %" PRIu64 " to %" PRIu64
		     " are missing before this block",
		     segment->path, found->offset, run->edge, first - 1);
	}
	run->edge = first + found->header.events;
}

static void count_gaps(struct run *run, uint32_t events)
{
	struct wire_event event;
	for (uint32_t i = 0; i < events; i++) {
		store_block_event(run->block, i, &event);
		if (event.kind != WIRE_EVENT_GAP)
			continue;
		run->report->gaps++;
		run->report->gap_messages += event.lost_messages;
	}
}

static int check_block(struct run *run, struct store_segment *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	const struct store_block_header *header = &found->header;
	check_sequence(run, segment, entry);
	int error = store_segment_load_block(segment, entry, STORE_FRAME_PAYLOADS, run->block);
	if (error && error != STORE_EDAMAGE)
		return error;
	run->report->blocks++;
	run->report->events += header->events;
	run->report->messages += header->messages;
	if (error) {
		run->report->damaged_blocks++;
		run->report->missing_events += header->events;
		find(run,
		     "%s, offset %" PRIu64 ": damaged block: events %" PRIu64 " to %" PRIu64
		     " are lost; \"tapedeck verify --repair\" takes it out",
		     segment->path, found->offset, header->first_seq, header->first_seq + header->events - 1);
	} else {
		count_gaps(run, header->events);
	}
	return 0;
}

static void check_places(struct run *run, const struct store_segment *segment)
{
	for (size_t i = 0; i < segment->damage_count; i++) {
		run->report->damaged_blocks++;
		find(run, "%s, offset %" PRIu64 ": %" PRIu64 " bytes are no block", segment->path,
		     segment->damage[i].offset, segment->damage[i].bytes);
	}
}

/* A footer says what a scan finds; where it is gone in the middle of a log, the segment was left open or harmed. */
static void check_end(struct run *run, const struct store_segment *segment, bool is_last)
{
	if (segment->is_closed)
		return;
	uint64_t torn = store_segment_torn_bytes(segment);
	run->report->torn_bytes += torn;
	run->report->open_segments++;
	if (is_last)
		return;
	run->report->bad_footers++;
	find(run, "%s: no valid footer, though newer segments follow; \"tapedeck verify --repair\" makes one",
	     segment->path);
}

static int check_segment(struct run *run, const char *path, bool is_last, struct wire_fault *fault)
{
	struct store_segment *segment;
	int error = store_segment_open(&segment, path, fault);
	if (error == -ENOENT)
		return 0; /* retention took it */
	if (error == STORE_EDAMAGE || error == STORE_EFORMAT) {
		run->report->segments++;
		run->report->damaged_blocks++;
		find(run, "%s", fault->text);
		return 0;
	}
	if (error)
		return error;
	run->report->segments++;
	run->report->bytes += segment->file_bytes;
	check_places(run, segment);
	for (size_t i = 0; i < segment->index.count && !error; i++)
		error = check_block(run, segment, i);
	check_end(run, segment, is_last);
	store_segment_close(segment);
	return error ? wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error)) : 0;
}

/* ---- repairing ---- */

static int put_gap(struct store__output *output, struct store_encoder *encoder, struct store_stage *stage,
		   uint64_t from_seq, uint64_t to_seq, int64_t time_ns, uint64_t messages)
{
	const unsigned char *bytes;
	struct store_block_header header;
	const struct wire_event gap = {.kind = WIRE_EVENT_GAP,
				       .flags = WIRE_EVENT_DAMAGE,
				       .time_ns = time_ns,
				       .text = WIRE_LITERAL("damaged blocks were taken out by a repair"),
				       .lost_messages = messages,
				       .from_ns = time_ns,
				       .to_ns = time_ns,
				       .from_seq = from_seq,
				       .to_seq = to_seq};
	store_stage_reset(stage);
	int error = store_stage_append(stage, &gap);
	int64_t len = error ? error : store_encode(encoder, stage, from_seq, 1, &bytes, &header);
	return len < 0 ? (int)len : store__output_append(output, bytes, (size_t)len, &header);
}

static int copy_block(struct store_segment *segment, const struct store_index_entry *entry,
		      struct store__output *output)
{
	size_t len = (size_t)store_block_bytes(&entry->header);
	segment->frame.len = 0;
	if (store__buffer_reserve(&segment->frame, len))
		return -ENOMEM;
	if (pread(segment->fd, segment->frame.bytes, len, (off_t)entry->offset) != (ssize_t)len)
		return errno ? -errno : -EIO;
	return store__output_append(output, segment->frame.bytes, len, &entry->header);
}

/* The whole blocks of the segment, with a gap event where others were. */
static int rewrite_blocks(struct run *run, struct store_segment *segment, struct store__output *output,
			  struct store_encoder *encoder, struct store_stage *stage)
{
	uint64_t edge = segment->header.first_seq, messages = 0;
	int error = 0;
	for (size_t i = 0; i < segment->index.count && !error; i++) {
		const struct store_index_entry *entry = &segment->index.entries[i];
		error = store_segment_load_block(segment, i, STORE_FRAME_PAYLOADS, run->block);
		if (error == STORE_EDAMAGE) {
			messages += entry->header.messages;
			error = 0;
			continue;
		}
		if (!error && entry->header.first_seq > edge)
			error = put_gap(output, encoder, stage, edge, entry->header.first_seq - 1,
					entry->header.min_time_ns, messages);
		error = error ? error : copy_block(segment, entry, output);
		edge = entry->header.first_seq + entry->header.events;
		messages = 0;
	}
	const struct store_block_header *last =
	    segment->index.count > 0 ? &segment->index.entries[segment->index.count - 1].header : NULL;
	if (!error && last && last->first_seq + last->events > edge)
		error = put_gap(output, encoder, stage, edge, last->first_seq + last->events - 1,
				last->max_time_ns, messages);
	return error;
}

static int write_repaired(struct run *run, struct store_segment *segment, const char *temporary)
{
	struct store__output output = {.fd = -1};
	struct store_encoder *encoder = store_encoder_open();
	struct store_stage *stage = store_stage_open();
	int error = encoder && stage
			? store__output_open(&output, &store__system_io, strdup(temporary), &segment->header)
			: -ENOMEM;
	if (!error)
		store_encoder_set_log(encoder, segment->header.log_id);
	error = error ? error : rewrite_blocks(run, segment, &output, encoder, stage);
	if (output.fd >= 0) {
		struct store__ended ended = store__output_finish(&output, true);
		error = error ? error : ended.error;
	}
	store_encoder_close(encoder);
	store_stage_close(stage);
	return error;
}

/* Keep the original as `.damaged`, put the repaired one in its place. */
static int swap_in(const char *path, const char *temporary)
{
	char aside[4200];
	snprintf(aside, sizeof aside, "%s.damaged", path);
	if (link(path, aside) != 0 && errno != EEXIST)
		return -errno;
	return rename(temporary, path) != 0 ? -errno : 0;
}

static bool is_damaged(struct run *run, struct store_segment *segment)
{
	bool damaged = segment->damage_count > 0;
	for (size_t i = 0; i < segment->index.count && !damaged; i++)
		damaged = store_segment_load_block(segment, i, STORE_FRAME_PAYLOADS, run->block) != 0;
	return damaged;
}

static int repair_segment(struct run *run, const char *path, struct wire_fault *fault)
{
	char temporary[4200];
	struct store_segment *segment;
	int recovered = store_recover_segment(path, fault);
	if (recovered == STORE_EDAMAGE || recovered == STORE_EFORMAT)
		return 0; /* nothing to build on; the check reports it */
	if (recovered < 0)
		return recovered;
	int error = store_segment_open(&segment, path, fault);
	if (error)
		return error == -ENOENT ? 0 : error;
	bool damaged = is_damaged(run, segment);
	if (damaged) {
		snprintf(temporary, sizeof temporary, "%s.tmp", path);
		unlink(temporary);
		error = write_repaired(run, segment, temporary);
		error = error ? error : swap_in(path, temporary);
		if (error)
			unlink(temporary);
		find(run, "%s: repaired; the original is kept as %s.damaged", path, path);
	}
	store_segment_close(segment);
	run->report->repaired_segments += damaged || recovered > 0;
	return error ? wire_fault_set(fault, error, "%s: cannot repair: %s", path, wire_error_text(error))
		     : 0;
}

/* ---- the whole log ---- */

static int repair_all(struct run *run, const char *path, struct wire_fault *fault)
{
	struct store_log_segments segments;
	int lock = store_log_lock(path, fault);
	if (lock < 0)
		return lock;
	int error = store_log_list(&segments, path, fault);
	for (size_t i = 0; !error && i < segments.count; i++)
		error = repair_segment(run, segments.list[i].path, fault);
	store_log_segments_fini(&segments);
	close(lock);
	return error;
}

static int check_all(struct run *run, const char *path, struct wire_fault *fault)
{
	struct store_log_segments segments;
	int error = store_log_list(&segments, path, fault);
	for (size_t i = 0; !error && i < segments.count; i++)
		error = check_segment(run, segments.list[i].path, i + 1 == segments.count, fault);
	store_log_segments_fini(&segments);
	return error;
}

int store_verify(const char *path, bool repair, struct store_verify_report *report,
		 store_verify_finding *finding, void *context, struct wire_fault *fault)
{
	struct wire_fault unasked;
	struct run run = {.report = report,
			  .finding = finding,
			  .context = context,
			  .block = store_block_open(),
			  .scratch = store_block_open()};
	fault = fault ? fault : &unasked;
	*report = (struct store_verify_report){0};
	int error = run.block && run.scratch ? 0 : wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	if (!error && repair)
		error = repair_all(&run, path, fault);
	error = error ? error : check_all(&run, path, fault);
	store_block_close(run.block);
	store_block_close(run.scratch);
	if (error)
		return error;
	return report->damaged_blocks > 0 || report->missing_events > 0 || report->bad_footers > 0;
}
