#include "store/read/block_cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/read/known_gap.h"

/* How often a log is listed again when its oldest segments are deleted before they are opened. */
enum { LISTS_MAX = 16 };

int store__block_cursor_init(struct store__block_cursor *cursor, const char *path, bool reverse, bool follow,
			     struct wire_fault *fault)
{
	*cursor = (struct store__block_cursor){.path = strdup(path), .reverse = reverse, .follow = follow};
	cursor->scratch = store_block_open();
	if (!cursor->path || !cursor->scratch)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	int error = store_log_list(&cursor->segments, path, fault);
	if (error == -ENOENT && follow)
		return 0;
	cursor->next = reverse ? cursor->segments.count : 0;
	return error;
}

void store__block_cursor_fini(struct store__block_cursor *cursor)
{
	store_segment_reader_close(cursor->segment);
	store_log_segments_fini(&cursor->segments);
	store_block_close(cursor->scratch);
	free(cursor->path);
}

void store__block_cursor_start_at(struct store__block_cursor *cursor, uint64_t seq)
{
	const struct store_log_segments *segments = &cursor->segments;
	cursor->start_seq = seq;
	while (cursor->next + 1 < segments->count && segments->list[cursor->next + 1].first_seq <= seq)
		cursor->next++;
}

/* ---- gaps ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Fill in cursor->gap for the events from..to between (or at) two times. */
static void set_gap(struct store__block_cursor *cursor, uint64_t from_seq, uint64_t to_seq, int64_t from_ns,
		    int64_t to_ns)
{
	cursor->gap = (struct wire_event){.kind = WIRE_EVENT_GAP,
					  .flags = WIRE_EVENT_DAMAGE,
					  .seq = from_seq,
					  .time_ns = to_ns,
					  .text = wire_slice_str(cursor->gap_text),
					  .from_ns = from_ns < to_ns ? from_ns : to_ns,
					  .to_ns = from_ns < to_ns ? to_ns : from_ns,
					  .from_seq = from_seq,
					  .to_seq = to_seq};
}

static void count_damage(struct store__block_cursor *cursor)
{
	cursor->damage.places++;
	cursor->damage.events += cursor->gap.to_seq - cursor->gap.from_seq + 1;
}

static void count_deleted(struct store__block_cursor *cursor)
{
	cursor->gap.flags = 0;
	cursor->damage.deleted_places++;
	cursor->damage.deleted_events += cursor->gap.to_seq - cursor->gap.from_seq + 1;
}

/* The damaged bytes of the open segment before entry number `before`, where the missing blocks should be. NULL: none. */
static const struct store_damaged_range *find_damage(const struct store_segment_reader *segment,
						     size_t before)
{
	for (size_t i = 0; i < segment->damage_count; i++)
		if (segment->damage[i].before == before && segment->damage[i].offset > 0)
			return &segment->damage[i];
	return NULL;
}

static void describe_hole(struct store__block_cursor *cursor, uint64_t from_seq, uint64_t to_seq,
			  size_t before)
{
	char where[100] = "blocks are missing";
	const struct store_segment_reader *segment = cursor->segment;
	const struct store_damaged_range *damage = segment ? find_damage(segment, before) : NULL;
	if (cursor->passed.deleted) {
		snprintf(cursor->gap_text, sizeof cursor->gap_text,
			 "%s: events %" PRIu64 " to %" PRIu64 " were deleted before they could be read",
			 cursor->path, from_seq, to_seq);
		return;
	}
	if (cursor->passed.unreadable > 0)
		snprintf(where, sizeof where, "segment %020" PRIu64 " cannot be read",
			 cursor->passed.unreadable);
	else if (damage)
		snprintf(where, sizeof where, "offset %" PRIu64 ": %" PRIu64 " bytes are damaged",
			 damage->offset, damage->bytes);
	snprintf(cursor->gap_text, sizeof cursor->gap_text,
		 "%s, %s: events %" PRIu64 " to %" PRIu64 " are lost; run \"tapedeck verify\"",
		 segment ? segment->path : cursor->path, where, from_seq, to_seq);
}

/* Forget the segments that were skipped on the way here: they left no hole, or it has been reported. */
static void forget_passed(struct store__block_cursor *cursor)
{
	cursor->passed = (struct store__passed){0};
}

/* Events from..to are missing before entry number `before` of the open segment. */
static int report_hole(struct store__block_cursor *cursor, uint64_t from_seq, uint64_t to_seq,
		       int64_t from_ns, int64_t to_ns, size_t before)
{
	describe_hole(cursor, from_seq, to_seq, before);
	set_gap(cursor, from_seq, to_seq, from_ns, to_ns);
	if (cursor->passed.deleted)
		count_deleted(cursor);
	else
		count_damage(cursor);
	forget_passed(cursor);
	return STORE__AT_GAP;
}

void store__block_cursor_give_up(struct store__block_cursor *cursor,
				 const struct store_segment_reader *segment, size_t entry)
{
	const struct store_index_entry *indexed = &segment->index.entries[entry];
	const struct store_block_header *header = &indexed->header;
	uint64_t last_seq = header->first_seq + header->events - 1;
	snprintf(cursor->gap_text, sizeof cursor->gap_text,
		 "%s, offset %" PRIu64 ": the block is damaged: events %" PRIu64 " to %" PRIu64
		 " are lost; run \"tapedeck verify\"",
		 segment->path, indexed->offset, header->first_seq, last_seq);
	set_gap(cursor, header->first_seq, last_seq, header->min_time_ns, header->max_time_ns);
	cursor->gap.time_ns = header->min_time_ns;
	cursor->gap.lost_messages = header->messages;
	count_damage(cursor);
}

/* ---- from block to block ---- */

/* A block that repeats the numbers of other blocks, such as a copy. Its events are not given out again. */
static int pass_over(struct store__block_cursor *cursor)
{
	const struct store_index_entry *entry = store__block_cursor_entry(cursor);
	snprintf(cursor->gap_text, sizeof cursor->gap_text,
		 "%s, offset %" PRIu64 ": the block repeats sequence numbers from %" PRIu64
		 " on and is passed over; run \"tapedeck verify\"",
		 cursor->segment->path, entry->offset, entry->header.first_seq);
	set_gap(cursor, entry->header.first_seq, entry->header.first_seq + entry->header.events - 1,
		entry->header.min_time_ns, entry->header.min_time_ns);
	cursor->damage.places++;
	return STORE__AT_GAP;
}

static int step_forward(struct store__block_cursor *cursor)
{
	const struct store_block_header *header = &cursor->segment->index.entries[cursor->at].header;
	struct store__edge *edge = &cursor->edge;
	uint64_t first = header->first_seq,
		 from = larger(larger(edge->seq, edge->explained), cursor->start_seq);
	if (edge->seq > 0 && from < first) {
		int64_t from_ns = edge->time_ns ? edge->time_ns : header->min_time_ns;
		edge->seq = first;
		return report_hole(cursor, from, first - 1, from_ns, header->min_time_ns, cursor->at);
	}
	cursor->entry = cursor->at++;
	if (edge->seq > first)
		return pass_over(cursor);
	*edge = (struct store__edge){
	    .seq = first + header->events,
	    .time_ns = header->max_time_ns,
	    .explained = store__known_gap_end(cursor->segment, cursor->entry, cursor->scratch)};
	forget_passed(cursor);
	return STORE__AT_BLOCK;
}

static int step_back(struct store__block_cursor *cursor)
{
	size_t entry = cursor->at - 1;
	const struct store_block_header *header = &cursor->segment->index.entries[entry].header;
	struct store__edge *edge = &cursor->edge;
	uint64_t next_seq = header->first_seq + header->events;
	uint64_t from = edge->seq > next_seq
			    ? larger(next_seq, store__known_gap_end(cursor->segment, entry, cursor->scratch))
			    : next_seq;
	if (edge->seq > from) {
		uint64_t to = edge->seq - 1;
		int64_t to_ns = edge->time_ns ? edge->time_ns : header->max_time_ns;
		edge->seq = next_seq;
		return report_hole(cursor, from, to, header->max_time_ns, to_ns, cursor->at);
	}
	cursor->entry = --cursor->at;
	if (edge->seq > 0 && edge->seq < next_seq)
		return pass_over(cursor);
	*edge = (struct store__edge){.seq = header->first_seq, .time_ns = header->min_time_ns};
	forget_passed(cursor);
	return STORE__AT_BLOCK;
}

/* ---- from segment to segment ---- */

/* A segment whose file header has not been written. */
static bool is_stump(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size < STORE_FILE_HEADER_BYTES;
}

/* Remember a listed segment that is skipped. */
static void pass_by(struct store__block_cursor *cursor, const struct store_log_segment *listed,
		    bool is_deleted)
{
	struct store__passed *passed = &cursor->passed;
	uint64_t seq = listed->first_seq;
	passed->deleted |= is_deleted;
	passed->first = passed->first == 0 || seq < passed->first ? seq : passed->first;
	passed->last = larger(passed->last, seq);
	if (!is_deleted) {
		passed->unreadable = seq;
		passed->unreadable_bytes = listed->bytes;
	}
	if (passed->time_ns < listed->modified_ns)
		passed->time_ns = listed->modified_ns;
	if (cursor->edge.seq == 0 && seq > 0)
		cursor->edge.seq = cursor->reverse ? seq + 1 : seq;
}

static uint64_t first_seq_of(const struct store_segment_reader *segment, uint64_t listed_seq)
{
	if (segment->header.first_seq > 0)
		return segment->header.first_seq;
	return listed_seq > 0 || segment->index.count == 0 ? listed_seq
							   : segment->index.entries[0].header.first_seq;
}

/* Where the open segment's end is damaged: the number after the last event that it may have had. One event at least was lost. */
static uint64_t end_of_tail(const struct store__block_cursor *cursor)
{
	const struct store_segment_reader *segment = cursor->segment;
	uint64_t next_seq =
	    segment->index.count > 0 ? store_index_next_seq(&segment->index) : cursor->segment_seq;
	return larger(next_seq + 1, segment->footer_next_seq);
}

static void enter(struct store__block_cursor *cursor, struct store_segment_reader *segment,
		  uint64_t listed_seq)
{
	store_segment_reader_close(cursor->segment);
	cursor->segment = segment;
	cursor->segment_seq = first_seq_of(segment, listed_seq);
	cursor->has_reported_tail = false;
	cursor->at = cursor->reverse ? segment->index.count : 0;
	if (cursor->edge.seq == 0 && cursor->reverse && store_segment_reader_lost_end(segment))
		cursor->edge.seq = end_of_tail(cursor);
	else if (cursor->edge.seq == 0 && (!cursor->reverse || segment->index.count == 0))
		cursor->edge.seq = cursor->segment_seq;
}

/* When nothing was read yet, list the log again and begin with the segments that it has now. False when
 * something was. */
static bool list_again(struct store__block_cursor *cursor)
{
	struct store_log_segments segments;
	if (cursor->segment || cursor->edge.seq > 0 || cursor->start_seq > 0 || cursor->reverse ||
	    cursor->lists++ >= LISTS_MAX || store_log_list(&segments, cursor->path, NULL) != 0)
		return false;
	if (segments.count == 0)
		return false;
	store_log_segments_fini(&cursor->segments);
	cursor->segments = segments;
	cursor->next = 0;
	return true;
}

/* 1 when the listed segment was opened, 0 when it is skipped, or a negative code. */
static int open_listed(struct store__block_cursor *cursor, const struct store_log_segment *listed,
		       struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	int error = store_segment_reader_open(&segment, listed->path, fault);
	if (error == 0) {
		enter(cursor, segment, listed->first_seq);
		return 1;
	}
	if (error == -ENOENT) {
		if (!list_again(cursor))
			pass_by(cursor, listed, true);
		return 0;
	}
	if (error != STORE_EFORMAT && error != STORE_EDAMAGE)
		return error;
	if (listed->first_seq == 0) /* a file that was named by the user */
		return error;
	if (!is_stump(listed->path))
		pass_by(cursor, listed, false);
	return 0;
}

/* Following: a last segment that cannot be read yet, or that was reported, is opened again when it has changed. */
static bool must_wait_for(const struct store__block_cursor *cursor, const struct store_log_segment *listed)
{
	return cursor->follow && cursor->next + 1 == cursor->segments.count &&
	       (is_stump(listed->path) || (cursor->reported.unreadable == listed->first_seq &&
					   cursor->reported.unreadable_bytes == listed->bytes));
}

/* 1, 0 when there is none left in the list, or a negative code. */
static int next_segment(struct store__block_cursor *cursor, struct wire_fault *fault)
{
	while (cursor->reverse ? cursor->next > 0 : cursor->next < cursor->segments.count) {
		const struct store_log_segment *listed =
		    &cursor->segments.list[cursor->reverse ? cursor->next - 1 : cursor->next];
		if (must_wait_for(cursor, listed))
			return 0;
		cursor->next += cursor->reverse ? (size_t)-1 : 1;
		int status = open_listed(cursor, listed, fault);
		if (status != 0)
			return status;
	}
	return 0;
}

/* ---- following ---- */

/* List the log again and find the first segment after the open one. False when there is none. */
static bool find_newer(struct store__block_cursor *cursor)
{
	struct store_log_segments segments;
	uint64_t newest = cursor->segment ? cursor->segment_seq : 0;
	if (store_log_list(&segments, cursor->path, NULL) != 0)
		return false;
	store_log_segments_fini(&cursor->segments);
	cursor->segments = segments;
	cursor->next = 0;
	while (cursor->segment && cursor->next < segments.count &&
	       segments.list[cursor->next].first_seq <= newest)
		cursor->next++;
	if (cursor->next >= segments.count)
		return false;
	/* Retention deletes the oldest first: if the open segment is gone, so are those between it and this one. */
	if (cursor->segment && cursor->next == 0)
		cursor->passed.deleted = true;
	return true;
}

/* Has the open segment grown? 1, 0 or a negative code. */
static int has_grown(struct store__block_cursor *cursor, struct wire_fault *fault)
{
	if (!cursor->segment)
		return 0;
	size_t count = cursor->segment->index.count;
	int64_t grown = store_segment_reader_refresh(cursor->segment);
	if (grown < 0 && cursor->segment->index.count >= count)
		return wire_fault_set(fault, (int)grown, "%s: %s", cursor->segment->path,
				      wire_error_text((int)grown));
	return cursor->at < cursor->segment->index.count;
}

/* At the end of a live log: 1 when there is more, 0, or a negative code. After a newer segment was found, look at the open one
 * once more, so that no block is missed that was written to it before. */
static int look_for_more(struct store__block_cursor *cursor, struct wire_fault *fault)
{
	int status = has_grown(cursor, fault);
	if (status != 0 || !find_newer(cursor))
		return status;
	status = has_grown(cursor, fault);
	return status != 0 ? status : next_segment(cursor, fault);
}

/* ---- the end ---- */

static bool has_blocks(const struct store__block_cursor *cursor)
{
	if (!cursor->segment)
		return false;
	return cursor->reverse ? cursor->at > 0 : cursor->at < cursor->segment->index.count;
}

/* Segments at the end of the list were deleted: the number with which the first segment after them begins. *time_ns: its time. */
static uint64_t end_of_deleted(const struct store__block_cursor *cursor, int64_t *time_ns)
{
	struct store_log_segments segments;
	struct store_segment_reader *segment;
	uint64_t end = cursor->passed.last + 1;
	if (store_log_list(&segments, cursor->path, NULL) != 0)
		return end;
	size_t at = 0;
	while (at < segments.count && segments.list[at].first_seq <= cursor->passed.last)
		at++;
	if (at < segments.count && store_segment_reader_open(&segment, segments.list[at].path, NULL) == 0) {
		end = segments.list[at].first_seq;
		*time_ns = segment->index.count > 0 ? segment->index.entries[0].header.min_time_ns
						    : segment->header.created_ns;
		store_segment_reader_close(segment);
	}
	store_log_segments_fini(&segments);
	return end;
}

/* The numbers that are missing after the last block, or in reverse before the first one: from `from` up to, but not including,
 * `to`. *time_ns: the time at the far end of them, if it is known. */
static void find_rest(const struct store__block_cursor *cursor, uint64_t *from, uint64_t *to,
		      int64_t *time_ns)
{
	const struct store__passed *passed = &cursor->passed;
	if (passed->time_ns > 0)
		*time_ns = passed->time_ns;
	if (cursor->reverse) {
		*from = passed->first > 0 ? passed->first : cursor->segment_seq;
		*to = cursor->edge.seq;
		return;
	}
	*from = larger(larger(cursor->edge.seq, cursor->edge.explained), cursor->start_seq);
	*to = cursor->segment_seq;
	if (cursor->segment && store_segment_reader_lost_end(cursor->segment) && !cursor->has_reported_tail)
		*to = end_of_tail(cursor);
	if (passed->last > 0)
		*to = passed->deleted ? end_of_deleted(cursor, time_ns) : passed->last + 1;
}

/* Report what is missing after the last block. STORE__AT_GAP or STORE__AT_END. */
static int report_rest(struct store__block_cursor *cursor)
{
	uint64_t from, to;
	int64_t time_ns = cursor->edge.time_ns;
	find_rest(cursor, &from, &to, &time_ns);
	if (cursor->edge.seq == 0 || from >= to)
		return STORE__AT_END;
	return report_hole(cursor, from, to - 1, cursor->edge.time_ns ? cursor->edge.time_ns : time_ns,
			   time_ns, cursor->at);
}

/* Following: report damage at once. How much is missing is known only when more was written. */
static int report_unreadable(struct store__block_cursor *cursor)
{
	bool is_new =
	    cursor->passed.unreadable > 0 ||
	    (cursor->segment && store_segment_reader_lost_end(cursor->segment) && !cursor->has_reported_tail);
	if (!is_new)
		return STORE__AT_END;
	cursor->reported = cursor->passed;
	int step = report_rest(cursor);
	cursor->has_reported_tail = true;
	forget_passed(cursor);
	return step;
}

static int finish(struct store__block_cursor *cursor)
{
	if (cursor->follow)
		return report_unreadable(cursor);
	if (cursor->ended)
		return STORE__AT_END;
	cursor->ended = true;
	return report_rest(cursor);
}

/* Report the block that is stepped over next. False: stop. */
static bool report_progress(struct store__block_cursor *cursor)
{
	size_t entry = cursor->reverse ? cursor->at - 1 : cursor->at;
	return wire_progress_passed(cursor->progress,
				    store_segment_reader_block_bytes(cursor->segment, entry));
}

int store__block_cursor_next(struct store__block_cursor *cursor, struct wire_fault *fault)
{
	while (!has_blocks(cursor)) {
		int status = next_segment(cursor, fault);
		if (status == 0 && cursor->follow)
			status = look_for_more(cursor, fault);
		if (status <= 0)
			return status < 0 ? status : finish(cursor);
	}
	if (cursor->progress && !report_progress(cursor))
		return STORE__AT_END;
	return cursor->reverse ? step_back(cursor) : step_forward(cursor);
}
