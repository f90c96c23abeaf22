#include "store/read/block_cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/read/known_gap.h"

/* How often a log is listed again whose oldest segments go while they are opened. */
enum { LISTS_MAX = 16 };

int store__block_cursor_init(struct store__block_cursor *walk, const char *path, bool reverse, bool follow,
			     struct wire_fault *fault)
{
	*walk = (struct store__block_cursor){.path = strdup(path), .reverse = reverse, .follow = follow};
	walk->scratch = store_block_open();
	if (!walk->path || !walk->scratch)
		return wire_fault_set(fault, -ENOMEM, "%s: out of memory", path);
	int error = store_log_list(&walk->segments, path, fault);
	if (error == -ENOENT && follow)
		return 0;
	walk->next = reverse ? walk->segments.count : 0;
	return error;
}

void store__block_cursor_fini(struct store__block_cursor *walk)
{
	store_segment_reader_close(walk->segment);
	store_log_segments_fini(&walk->segments);
	store_block_close(walk->scratch);
	free(walk->path);
}

void store__block_cursor_start_at(struct store__block_cursor *walk, uint64_t seq)
{
	const struct store_log_segments *segments = &walk->segments;
	walk->start_seq = seq;
	while (walk->next + 1 < segments->count && segments->list[walk->next + 1].first_seq <= seq)
		walk->next++;
}

/* ---- gaps ---- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Fill in walk->gap for the events from..to between (or at) two times. */
static void set_gap(struct store__block_cursor *walk, uint64_t from_seq, uint64_t to_seq, int64_t from_ns,
		    int64_t to_ns)
{
	walk->gap = (struct wire_event){.kind = WIRE_EVENT_GAP,
					.flags = WIRE_EVENT_DAMAGE,
					.seq = from_seq,
					.time_ns = to_ns,
					.text = wire_slice_str(walk->gap_text),
					.from_ns = from_ns < to_ns ? from_ns : to_ns,
					.to_ns = from_ns < to_ns ? to_ns : from_ns,
					.from_seq = from_seq,
					.to_seq = to_seq};
}

static void count_damage(struct store__block_cursor *walk)
{
	walk->damage.places++;
	walk->damage.events += walk->gap.to_seq - walk->gap.from_seq + 1;
}

static void count_deleted(struct store__block_cursor *walk)
{
	walk->gap.flags = 0;
	walk->damage.deleted_places++;
	walk->damage.deleted_events += walk->gap.to_seq - walk->gap.from_seq + 1;
}

/* Bytes in the open segment that lie where the missing blocks should: ahead of entry number `before`. */
static const struct store_damaged_range *find_damage(const struct store_segment_reader *segment,
						     size_t before)
{
	for (size_t i = 0; i < segment->damage_count; i++)
		if (segment->damage[i].before == before && segment->damage[i].offset > 0)
			return &segment->damage[i];
	return NULL;
}

static void describe_hole(struct store__block_cursor *walk, uint64_t from_seq, uint64_t to_seq, size_t before)
{
	char where[100] = "blocks are missing";
	const struct store_segment_reader *segment = walk->segment;
	const struct store_damaged_range *damage = segment ? find_damage(segment, before) : NULL;
	if (walk->passed.deleted) {
		snprintf(walk->gap_text, sizeof walk->gap_text,
			 "%s: events %" PRIu64 " to %" PRIu64 " were deleted before they could be read",
			 walk->path, from_seq, to_seq);
		return;
	}
	if (walk->passed.unreadable > 0)
		snprintf(where, sizeof where, "segment %020" PRIu64 " cannot be read",
			 walk->passed.unreadable);
	else if (damage)
		snprintf(where, sizeof where, "offset %" PRIu64 ": %" PRIu64 " bytes are damaged",
			 damage->offset, damage->bytes);
	snprintf(walk->gap_text, sizeof walk->gap_text,
		 "%s, %s: events %" PRIu64 " to %" PRIu64 " are lost; run \"tapedeck verify\"",
		 segment ? segment->path : walk->path, where, from_seq, to_seq);
}

/* What was passed over on the way to here left no hole, or it has been told. */
static void forget_passed(struct store__block_cursor *walk)
{
	walk->passed = (struct store__passed){0};
}

/* Events from..to are missing ahead of entry number `before` of the open segment. */
static int report_hole(struct store__block_cursor *walk, uint64_t from_seq, uint64_t to_seq, int64_t from_ns,
		       int64_t to_ns, size_t before)
{
	describe_hole(walk, from_seq, to_seq, before);
	set_gap(walk, from_seq, to_seq, from_ns, to_ns);
	if (walk->passed.deleted)
		count_deleted(walk);
	else
		count_damage(walk);
	forget_passed(walk);
	return STORE__AT_GAP;
}

void store__block_cursor_give_up(struct store__block_cursor *walk, const struct store_segment_reader *segment,
				 size_t entry)
{
	const struct store_index_entry *indexed = &segment->index.entries[entry];
	const struct store_block_header *header = &indexed->header;
	uint64_t last_seq = header->first_seq + header->events - 1;
	snprintf(walk->gap_text, sizeof walk->gap_text,
		 "%s, offset %" PRIu64 ": the block is damaged: events %" PRIu64 " to %" PRIu64
		 " are lost; run \"tapedeck verify\"",
		 segment->path, indexed->offset, header->first_seq, last_seq);
	set_gap(walk, header->first_seq, last_seq, header->min_time_ns, header->max_time_ns);
	walk->gap.time_ns = header->min_time_ns;
	walk->gap.lost_messages = header->messages;
	count_damage(walk);
}

/* ---- from block to block ---- */

/* A block that repeats numbers which other blocks had: a copy from elsewhere. Its events are not given out twice. */
static int pass_over(struct store__block_cursor *walk)
{
	const struct store_index_entry *entry = store__block_cursor_entry(walk);
	snprintf(walk->gap_text, sizeof walk->gap_text,
		 "%s, offset %" PRIu64 ": the block repeats sequence numbers from %" PRIu64
		 " on and is passed over; run \"tapedeck verify\"",
		 walk->segment->path, entry->offset, entry->header.first_seq);
	set_gap(walk, entry->header.first_seq, entry->header.first_seq + entry->header.events - 1,
		entry->header.min_time_ns, entry->header.min_time_ns);
	walk->damage.places++;
	return STORE__AT_GAP;
}

static int step_forward(struct store__block_cursor *walk)
{
	const struct store_block_header *header = &walk->segment->index.entries[walk->cursor].header;
	struct store__edge *edge = &walk->edge;
	uint64_t first = header->first_seq,
		 from = larger(larger(edge->seq, edge->explained), walk->start_seq);
	if (edge->seq > 0 && from < first) {
		int64_t from_ns = edge->time_ns ? edge->time_ns : header->min_time_ns;
		edge->seq = first;
		return report_hole(walk, from, first - 1, from_ns, header->min_time_ns, walk->cursor);
	}
	walk->entry = walk->cursor++;
	if (edge->seq > first)
		return pass_over(walk);
	*edge = (struct store__edge){.seq = first + header->events,
				     .time_ns = header->max_time_ns,
				     .explained =
					 store__known_gap_end(walk->segment, walk->entry, walk->scratch)};
	forget_passed(walk);
	return STORE__AT_BLOCK;
}

static int step_back(struct store__block_cursor *walk)
{
	size_t entry = walk->cursor - 1;
	const struct store_block_header *header = &walk->segment->index.entries[entry].header;
	struct store__edge *edge = &walk->edge;
	uint64_t behind = header->first_seq + header->events;
	uint64_t from = edge->seq > behind
			    ? larger(behind, store__known_gap_end(walk->segment, entry, walk->scratch))
			    : behind;
	if (edge->seq > from) {
		uint64_t to = edge->seq - 1;
		int64_t to_ns = edge->time_ns ? edge->time_ns : header->max_time_ns;
		edge->seq = behind;
		return report_hole(walk, from, to, header->max_time_ns, to_ns, walk->cursor);
	}
	walk->entry = --walk->cursor;
	if (edge->seq > 0 && edge->seq < behind)
		return pass_over(walk);
	*edge = (struct store__edge){.seq = header->first_seq, .time_ns = header->min_time_ns};
	forget_passed(walk);
	return STORE__AT_BLOCK;
}

/* ---- from segment to segment ---- */

/* A segment whose file header was not written yet, or never will be. */
static bool is_stump(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && info.st_size < STORE_FILE_HEADER_BYTES;
}

/* Remember a listed segment that is passed over. */
static void pass_by(struct store__block_cursor *walk, const struct store_log_segment *listed, bool is_deleted)
{
	struct store__passed *passed = &walk->passed;
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
	if (walk->edge.seq == 0 && seq > 0)
		walk->edge.seq = walk->reverse ? seq + 1 : seq;
}

static uint64_t first_seq_of(const struct store_segment_reader *segment, uint64_t listed_seq)
{
	if (segment->header.first_seq > 0)
		return segment->header.first_seq;
	return listed_seq > 0 || segment->index.count == 0 ? listed_seq
							   : segment->index.entries[0].header.first_seq;
}

/* The number after the last event that the open segment may have had, where its end is damaged: one at least was lost. */
static uint64_t end_of_tail(const struct store__block_cursor *walk)
{
	const struct store_segment_reader *segment = walk->segment;
	uint64_t next_seq =
	    segment->index.count > 0 ? store_index_next_seq(&segment->index) : walk->segment_seq;
	return larger(next_seq + 1, segment->footer_next_seq);
}

static void enter(struct store__block_cursor *walk, struct store_segment_reader *segment, uint64_t listed_seq)
{
	store_segment_reader_close(walk->segment);
	walk->segment = segment;
	walk->segment_seq = first_seq_of(segment, listed_seq);
	walk->has_told_tail = false;
	walk->cursor = walk->reverse ? segment->index.count : 0;
	if (walk->edge.seq == 0 && walk->reverse && store_segment_reader_lost_end(segment))
		walk->edge.seq = end_of_tail(walk);
	else if (walk->edge.seq == 0 && (!walk->reverse || segment->index.count == 0))
		walk->edge.seq = walk->segment_seq;
}

/* As long as nothing was read, nothing was missed: begin with what there is now. False when that is not possible. */
static bool list_again(struct store__block_cursor *walk)
{
	struct store_log_segments segments;
	if (walk->segment || walk->edge.seq > 0 || walk->start_seq > 0 || walk->reverse ||
	    walk->lists++ >= LISTS_MAX || store_log_list(&segments, walk->path, NULL) != 0)
		return false;
	if (segments.count == 0)
		return false;
	store_log_segments_fini(&walk->segments);
	walk->segments = segments;
	walk->next = 0;
	return true;
}

/* 1 when the listed segment was opened, 0 when it is to be passed over, or a negative code. */
static int open_listed(struct store__block_cursor *walk, const struct store_log_segment *listed,
		       struct wire_fault *fault)
{
	struct store_segment_reader *segment;
	int error = store_segment_reader_open(&segment, listed->path, fault);
	if (error == 0) {
		enter(walk, segment, listed->first_seq);
		return 1;
	}
	if (error == -ENOENT) {
		if (!list_again(walk))
			pass_by(walk, listed, true);
		return 0;
	}
	if (error != STORE_EFORMAT && error != STORE_EDAMAGE)
		return error;
	if (listed->first_seq == 0) /* a file that was named by the user */
		return error;
	if (!is_stump(listed->path))
		pass_by(walk, listed, false);
	return 0;
}

/* Following: a last segment that cannot be read yet, or that was told of, is looked at again when it has changed. */
static bool must_wait_for(const struct store__block_cursor *walk, const struct store_log_segment *listed)
{
	return walk->follow && walk->next + 1 == walk->segments.count &&
	       (is_stump(listed->path) ||
		(walk->told.unreadable == listed->first_seq && walk->told.unreadable_bytes == listed->bytes));
}

/* 1, 0 when there is none left in the list, or a negative code. */
static int next_segment(struct store__block_cursor *walk, struct wire_fault *fault)
{
	while (walk->reverse ? walk->next > 0 : walk->next < walk->segments.count) {
		const struct store_log_segment *listed =
		    &walk->segments.list[walk->reverse ? walk->next - 1 : walk->next];
		if (must_wait_for(walk, listed))
			return 0;
		walk->next += walk->reverse ? (size_t)-1 : 1;
		int status = open_listed(walk, listed, fault);
		if (status != 0)
			return status;
	}
	return 0;
}

/* ---- following ---- */

/* List the log anew, and find the first segment behind the open one. False when there is none. */
static bool find_newer(struct store__block_cursor *walk)
{
	struct store_log_segments segments;
	uint64_t newest = walk->segment ? walk->segment_seq : 0;
	if (store_log_list(&segments, walk->path, NULL) != 0)
		return false;
	store_log_segments_fini(&walk->segments);
	walk->segments = segments;
	walk->next = 0;
	while (walk->segment && walk->next < segments.count && segments.list[walk->next].first_seq <= newest)
		walk->next++;
	if (walk->next >= segments.count)
		return false;
	/* Retention deletes the oldest first: if what we read is gone, so is what came between. */
	if (walk->segment && walk->next == 0)
		walk->passed.deleted = true;
	return true;
}

/* Has the open segment grown? 1, 0 or a negative code. */
static int has_grown(struct store__block_cursor *walk, struct wire_fault *fault)
{
	if (!walk->segment)
		return 0;
	size_t count = walk->segment->index.count;
	int64_t grown = store_segment_reader_refresh(walk->segment);
	if (grown < 0 && walk->segment->index.count >= count)
		return wire_fault_set(fault, (int)grown, "%s: %s", walk->segment->path,
				      wire_error_text((int)grown));
	return walk->cursor < walk->segment->index.count;
}

/* At the end of a live log: 1 when it has gone on, 0, or a negative code. What was written before a newer segment
 * appeared is not missed: the open one is looked at once more after that. */
static int look_for_more(struct store__block_cursor *walk, struct wire_fault *fault)
{
	int status = has_grown(walk, fault);
	if (status != 0 || !find_newer(walk))
		return status;
	status = has_grown(walk, fault);
	return status != 0 ? status : next_segment(walk, fault);
}

/* ---- walking ---- */

static bool has_blocks(const struct store__block_cursor *walk)
{
	if (!walk->segment)
		return false;
	return walk->reverse ? walk->cursor > 0 : walk->cursor < walk->segment->index.count;
}

/* Where what was deleted at the end of the list ends: where the first segment after it begins. *time_ns: when. */
static uint64_t end_of_deleted(const struct store__block_cursor *walk, int64_t *time_ns)
{
	struct store_log_segments segments;
	struct store_segment_reader *segment;
	uint64_t end = walk->passed.last + 1;
	if (store_log_list(&segments, walk->path, NULL) != 0)
		return end;
	size_t at = 0;
	while (at < segments.count && segments.list[at].first_seq <= walk->passed.last)
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

/* The numbers that are missing after the last block, or in reverse before the first one: from..to, without `to`. *time_ns:
 * the time at the far end of them, as far as it is known. */
static void find_rest(const struct store__block_cursor *walk, uint64_t *from, uint64_t *to, int64_t *time_ns)
{
	const struct store__passed *passed = &walk->passed;
	if (passed->time_ns > 0)
		*time_ns = passed->time_ns;
	if (walk->reverse) {
		*from = passed->first > 0 ? passed->first : walk->segment_seq;
		*to = walk->edge.seq;
		return;
	}
	*from = larger(larger(walk->edge.seq, walk->edge.explained), walk->start_seq);
	*to = walk->segment_seq;
	if (walk->segment && store_segment_reader_lost_end(walk->segment) && !walk->has_told_tail)
		*to = end_of_tail(walk);
	if (passed->last > 0)
		*to = passed->deleted ? end_of_deleted(walk, time_ns) : passed->last + 1;
}

/* Report what is missing after the last block. STORE__AT_GAP or STORE__AT_END. */
static int report_rest(struct store__block_cursor *walk)
{
	uint64_t from, to;
	int64_t time_ns = walk->edge.time_ns;
	find_rest(walk, &from, &to, &time_ns);
	if (walk->edge.seq == 0 || from >= to)
		return STORE__AT_END;
	return report_hole(walk, from, to - 1, walk->edge.time_ns ? walk->edge.time_ns : time_ns, time_ns,
			   walk->cursor);
}

/* Following, what follows will tell how much is missing, but that something is damaged is told now. */
static int report_unreadable(struct store__block_cursor *walk)
{
	bool is_new = walk->passed.unreadable > 0 ||
		      (walk->segment && store_segment_reader_lost_end(walk->segment) && !walk->has_told_tail);
	if (!is_new)
		return STORE__AT_END;
	walk->told = walk->passed;
	int step = report_rest(walk);
	walk->has_told_tail = true;
	forget_passed(walk);
	return step;
}

static int finish(struct store__block_cursor *walk)
{
	if (walk->follow)
		return report_unreadable(walk);
	if (walk->ended)
		return STORE__AT_END;
	walk->ended = true;
	return report_rest(walk);
}

int store__block_cursor_next(struct store__block_cursor *walk, struct wire_fault *fault)
{
	while (!has_blocks(walk)) {
		int status = next_segment(walk, fault);
		if (status == 0 && walk->follow)
			status = look_for_more(walk, fault);
		if (status <= 0)
			return status < 0 ? status : finish(walk);
	}
	return walk->reverse ? step_back(walk) : step_forward(walk);
}
