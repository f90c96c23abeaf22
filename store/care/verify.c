#include "store/care/verify.h"
#include "store/read/decode_event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/care/log_state.h"
#include "store/read/known_gap.h"
#include "store/read/log.h"

struct check {
	struct store_verify_report *report;
	store_verify_finding *finding;
	void *context;
	struct wire_progress *progress;
	struct store_block *block, *scratch;
	uint64_t edge;      /* next sequence number, 0 = unknown */
	uint64_t explained; /* a stored gap event states that the numbers below are lost */
};

static void __attribute__((format(printf, 2, 3))) find(struct check *check, const char *format, ...)
{
	char line[700];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (check->finding)
		check->finding(check->context, line);
}

/* ---- checking ---- */

static void check_sequence(struct check *check, struct store_segment_reader *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	uint64_t first = found->header.first_seq;
	if (check->edge > 0 && first < check->edge) {
		check->report->damaged_blocks++;
		find(check,
		     "%s, offset %" PRIu64 ": sequence number %" PRIu64 " is used again (expected %" PRIu64
		     ")",
		     segment->path, found->offset, first, check->edge);
	}
	uint64_t from = check->explained > check->edge ? check->explained : check->edge;
	if (check->edge > 0 && first > from) {
		check->report->missing_events += first - from;
		find(check,
		     "%s, offset %" PRIu64 ": events %" PRIu64 " to %" PRIu64
		     " are missing before this block",
		     segment->path, found->offset, from, first - 1);
	}
	check->edge = first + found->header.events;
	check->explained = store__known_gap_end(segment, entry, check->scratch);
}

static void count_gaps(struct check *check, uint32_t events)
{
	struct wire_event event;
	for (uint32_t i = 0; i < events; i++) {
		store_block_event(check->block, i, &event);
		if (event.kind != WIRE_EVENT_GAP)
			continue;
		check->report->gaps++;
		check->report->gap_messages += event.lost_messages;
	}
}

/* A damaged header loses nothing: the footer has a copy of it. */
static int check_header(struct check *check, const struct store_segment_reader *segment, size_t entry)
{
	int error = store_segment_reader_check_header(segment, entry);
	if (error != STORE_EDAMAGE)
		return error;
	check->report->damaged_blocks++;
	find(check,
	     "%s, offset %" PRIu64
	     ": the block's header is damaged, nothing is lost; \"tapedeck verify --repair\" rewrites it",
	     segment->path, segment->index.entries[entry].offset);
	return 0;
}

static int check_block(struct check *check, struct store_segment_reader *segment, size_t entry)
{
	const struct store_index_entry *found = &segment->index.entries[entry];
	const struct store_block_header *header = &found->header;
	check_sequence(check, segment, entry);
	int error = store_segment_reader_load_block(segment, entry, STORE_FRAME_PAYLOADS, check->block);
	if (error && error != STORE_EDAMAGE)
		return error;
	check->report->blocks++;
	check->report->events += header->events;
	check->report->messages += header->messages;
	if (error) {
		check->report->damaged_blocks++;
		check->report->missing_events += header->events;
		find(check,
		     "%s, offset %" PRIu64 ": damaged block: events %" PRIu64 " to %" PRIu64
		     " are lost; \"tapedeck verify --repair\" removes it",
		     segment->path, found->offset, header->first_seq, header->first_seq + header->events - 1);
		return 0;
	}
	count_gaps(check, header->events);
	return check_header(check, segment, entry);
}

static void check_places(struct check *check, const struct store_segment_reader *segment)
{
	for (size_t i = 0; i < segment->damage_count; i++) {
		check->report->damaged_blocks++;
		find(check, "%s, offset %" PRIu64 ": %" PRIu64 " bytes are no block", segment->path,
		     segment->damage[i].offset, segment->damage[i].bytes);
	}
}

/* A missing footer loses nothing, but in the middle of a log it means that the segment was left open or was damaged. */
static void check_end(struct check *check, const struct store_segment_reader *segment, bool is_last)
{
	if (segment->is_closed)
		return;
	if (is_last && !segment->has_bad_footer) {
		if (!segment->has_damaged_tail)
			check->report->torn_bytes += store_segment_reader_torn_bytes(segment);
		check->report->open_segments++;
		return;
	}
	check->report->bad_footers++;
	find(check, "%s: no valid footer, though %s; \"tapedeck verify --repair\" makes one", segment->path,
	     segment->has_bad_footer ? "it was closed" : "newer segments follow");
}

static int check_segment(struct check *check, const char *path, bool is_last, struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	int error = store_segment_reader_open(&segment, path, fault);
	if (error == -ENOENT)
		return 0; /* retention took it */
	if (error == STORE_EDAMAGE || error == STORE_EFORMAT) {
		check->report->segments++;
		check->report->damaged_blocks++;
		find(check, "%s", fault->text);
		return 0;
	}
	if (error)
		return error;
	check->report->segments++;
	check->report->bytes += segment->file_bytes;
	check_places(check, segment);
	for (size_t i = 0; i < segment->index.count && !error; i++) {
		error = check_block(check, segment, i);
		wire_progress_passed(check->progress, store_segment_reader_block_bytes(segment, i));
	}
	check_end(check, segment, is_last);
	store_segment_reader_close(segment);
	return error ? wire_fault_set(fault, error, "%s: %s", path, wire_error_text(error)) : 0;
}

/* ---- the whole log ---- */

/* Report what a repair did like a finding. */
static void report_repair(void *context, const char *line)
{
	find(context, "%s", line);
}

static int repair_all(struct check *check, const char *path, struct wire_fault *fault)
{
	struct store__log_state state;
	struct store__care care = {.is_thorough = true, .report = report_repair, .context = check};
	struct store_log_lock lock;
	int error = store_log_lock(&lock, path, fault);
	if (error == -ENOTDIR)
		return wire_fault_set(fault, error, "%s: a repair needs the whole log; give its directory",
				      path);
	if (error)
		return error;
	error = store__log_state_find(&state, path, &care, fault);
	check->report->repaired_segments = care.changed;
	store_log_unlock(&lock);
	return error;
}

static int check_all(struct check *check, const char *path, struct wire_fault *fault)
{
	struct store_log_segments segments;
	int error = store_log_list(&segments, path, fault);
	for (size_t i = 0; !error && i < segments.count; i++)
		error = check_segment(check, segments.list[i].path, i + 1 == segments.count, fault);
	store_log_segments_fini(&segments);
	return error;
}

int store_verify(const char *path, bool repair, struct store_verify_report *report,
		 store_verify_finding *finding, void *context, struct wire_progress *progress,
		 struct wire_fault *fault)
{
	struct wire_fault unasked;
	struct check check = {.report = report,
			      .finding = finding,
			      .context = context,
			      .progress = progress,
			      .block = store_block_open(),
			      .scratch = store_block_open()};
	fault = fault ? fault : &unasked;
	*report = (struct store_verify_report){0};
	int error =
	    check.block && check.scratch ? 0 : wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	if (!error && repair)
		error = repair_all(&check, path, fault);
	error = error ? error : check_all(&check, path, fault);
	store_block_close(check.block);
	store_block_close(check.scratch);
	if (error)
		return error;
	return report->damaged_blocks > 0 || report->missing_events > 0 || report->bad_footers > 0;
}
