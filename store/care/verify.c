#include "store/care/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/read/decode_event.h"
#include "store/read/known_gap.h"
#include "store/read/log.h"
#include "store/write/standing.h"

struct run {
	struct store_verify_report *report;
	store_verify_finding *finding;
	void *context;
	struct store_block *block, *scratch;
	uint64_t edge;      /* next sequence number, 0 = unknown */
	uint64_t explained; /* a stored gap event says that numbers below are lost */
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

static void check_sequence(struct run *run, struct store_segment_reader *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	uint64_t first = found->header.first_seq;
	if (run->edge > 0 && first < run->edge) {
		run->report->damaged_blocks++;
		find(run,
		     "%s, offset %" PRIu64 ": sequence number %" PRIu64 " comes again (expected %" PRIu64 ")",
		     segment->path, found->offset, first, run->edge);
	}
	uint64_t from = run->explained > run->edge ? run->explained : run->edge;
	if (run->edge > 0 && first > from) {
		run->report->missing_events += first - from;
		find(run,
		     "%s, offset %" PRIu64 ": events %" PRIu64 " to %" PRIu64
		     " are missing before this block",
		     segment->path, found->offset, from, first - 1);
	}
	run->edge = first + found->header.events;
	run->explained = store__known_gap_end(segment, entry, run->scratch);
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

/* The footer has a copy of it, so that nothing is lost. */
static int check_header(struct run *run, const struct store_segment_reader *segment, size_t entry)
{
	int error = store_segment_reader_check_header(segment, entry);
	if (error != STORE_EDAMAGE)
		return error;
	run->report->damaged_blocks++;
	find(run,
	     "%s, offset %" PRIu64
	     ": the block's header is damaged, nothing is lost; \"tapedeck verify --repair\" writes it anew",
	     segment->path, segment->index.entries[entry].offset);
	return 0;
}

static int check_block(struct run *run, struct store_segment_reader *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	const struct store_block_header *header = &found->header;
	check_sequence(run, segment, entry);
	int error = store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, run->block);
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
		return 0;
	}
	count_gaps(run, header->events);
	return check_header(run, segment, entry);
}

static void check_places(struct run *run, const struct store_segment_reader *segment)
{
	for (size_t i = 0; i < segment->damage_count; i++) {
		run->report->damaged_blocks++;
		find(run, "%s, offset %" PRIu64 ": %" PRIu64 " bytes are no block", segment->path,
		     segment->damage[i].offset, segment->damage[i].bytes);
	}
}

/* A footer says what a scan finds; where it is gone in the middle of a log, the segment was left open or harmed. */
static void check_end(struct run *run, const struct store_segment_reader *segment, bool is_last)
{
	if (segment->is_closed)
		return;
	if (is_last && !segment->has_bad_footer) {
		if (!segment->has_damaged_tail)
			run->report->torn_bytes += store_segment_reader_torn_bytes(segment);
		run->report->open_segments++;
		return;
	}
	run->report->bad_footers++;
	find(run, "%s: no valid footer, though %s; \"tapedeck verify --repair\" makes one", segment->path,
	     segment->has_bad_footer ? "it was closed" : "newer segments follow");
}

static int check_segment(struct run *run, const char *path, bool is_last, struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	int error = store_segment_reader_open(&segment, path, fault);
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
	store_segment_reader_close(segment);
	return error ? wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error)) : 0;
}

/* ---- the whole log ---- */

/* What a repair did is told like what a check finds. */
static void tell(void *context, const char *line)
{
	find(context, "%s", line);
}

static int repair_all(struct run *run, const char *path, struct wire_fault *fault)
{
	struct store__standing standing;
	struct store__care care = {.is_thorough = true, .report = tell, .context = run};
	struct store_log_lock lock;
	int error = store_log_lock(&lock, path, fault);
	if (error == -ENOTDIR)
		return wire_fault_set(fault, error, "%s: a repair needs the whole log; give its directory",
				      path);
	if (error)
		return error;
	error = store__standing_find(&standing, path, &care, fault);
	run->report->repaired_segments = care.changed;
	store_log_unlock(&lock);
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
