#include "store/read/reorder.h"

#include <errno.h>

#include "store/read/decode_event.h"
#include "store/read/steps.h"

enum { DECODED_BYTES = 128 }; /* of an event's numbers, at most */

/* ---- times as they are ordered ---- */

/* Negated in reverse, so that the smallest is the next in either direction. */
static int64_t key_of(const struct store__window *window, int64_t time_ns)
{
	return window->options.reverse ? store_time_minus(0, time_ns) : time_ns;
}

static uint32_t row_of(const struct store__window *window, const struct store__window_block *block)
{
	uint32_t at = window->options.reverse ? block->count - 1 - block->taken : block->taken;
	return block->scan.rows[at];
}

static void set_key(const struct store__window *window, struct store__window_block *block)
{
	int64_t time_ns = block->is_gap ? block->gap.time_ns
					: store_block_time_ns(block->scan.block, row_of(window, block));
	block->key_ns = key_of(window, time_ns);
}

/* The block that the cursor is at may have events that pass. */
static bool is_wanted(const struct store__window *window)
{
	const struct store_block_header *header = &store__block_cursor_entry(window->cursor)->header;
	return header->first_seq + header->events > window->cursor->start_seq &&
	       store__filter_block(window->options.filter, header);
}

/* Of a block when it is decoded. */
static uint64_t bytes_of(const struct store_block_header *header)
{
	uint64_t bytes = (uint64_t)header->events * DECODED_BYTES;
	for (int i = 0; i < STORE_FRAMES; i++)
		bytes += header->frames[i].raw_bytes;
	return bytes;
}

static struct store__ahead place_of(struct store__window *window)
{
	const struct store__block_cursor *cursor = window->cursor;
	const struct store_block_header *header = &store__block_cursor_entry(cursor)->header;
	bool reverse = window->options.reverse;
	return (struct store__ahead){
	    .segment = cursor->segment,
	    .entry = cursor->entry,
	    .number = window->numbers++,
	    .bytes = bytes_of(header),
	    .earliest_ns = key_of(window, reverse ? header->max_time_ns : header->min_time_ns),
	    .latest_ns = key_of(window, reverse ? header->min_time_ns : header->max_time_ns),
	    .is_wanted = is_wanted(window)};
}

/* ---- blocks ---- */

static void free_block(struct store__window_block *block)
{
	if (!block)
		return;
	store__block_scan_fini(&block->scan);
	store_segment_reader_close(block->place.segment);
	free(block);
}

/* NULL when out of memory. */
static struct store__window_block *new_block(struct store__window *window)
{
	if (window->spare_count > 0)
		return window->spare[--window->spare_count];
	struct store__window_block *block = calloc(1, sizeof *block);
	if (block &&
	    store__block_scan_init(&block->scan, window->options.filter, window->options.payloads) != 0) {
		free_block(block);
		return NULL;
	}
	return block;
}

static void recycle(struct store__window *window, struct store__window_block *block)
{
	store_segment_reader_close(block->place.segment);
	block->place.segment = NULL;
	if (window->spare_count < STORE__WINDOW_SPARE)
		window->spare[window->spare_count++] = block;
	else
		free_block(block);
}

static void hold(struct store__window *window, struct store__window_block *block)
{
	block->taken = 0;
	set_key(window, block);
	window->held[window->held_count++] = block;
	window->held_bytes += block->place.bytes;
}

static void take_gap(struct store__window *window, struct store__window_block *block)
{
	block->is_gap = true;
	block->count = 1;
	block->gap = window->cursor->gap;
	memcpy(block->gap_text, window->cursor->gap_text, sizeof block->gap_text);
	block->gap.text.data = block->gap_text;
	block->has_undelivered = false;
}

/* Decode a block as far as the filter needs it. 0, or a negative code. */
static int decode(struct store__window *window, struct store__window_block *block)
{
	struct store_segment_reader *segment = block->place.segment;
	const struct store_block_header *header = &segment->index.entries[block->place.entry].header;
	block->is_gap = false;
	block->count = 0;
	int status = store__block_scan_subjects(&block->scan, segment, block->place.entry);
	if (status <= 0)
		return status;
	block->has_undelivered = store__undelivered_in(window->options.undelivered, header->first_seq) > 0;
	block->scan.may_lose = block->has_undelivered;
	status = store__block_scan_rows(&block->scan, segment, block->place.entry, &window->names);
	if (status == 0 && window->options.in_time_order)
		status = store__block_scan_sort(&block->scan);
	block->count = block->scan.count;
	return status;
}

/* Hold a block that was seen ahead, or the gap that stands for it when it cannot be read. Takes the segment. 0 or -ENOMEM. */
static int load(struct store__window *window, const struct store__ahead *place)
{
	struct store__window_block *block = new_block(window);
	if (!block) {
		store_segment_reader_close(place->segment);
		return -ENOMEM;
	}
	block->place = *place;
	int error = decode(window, block);
	if (error && error != -ENOMEM) {
		store__block_cursor_give_up(window->cursor, place->segment, place->entry);
		take_gap(window, block);
		error = 0;
	}
	if (!error && block->count > 0)
		hold(window, block);
	else
		recycle(window, block);
	return error;
}

/* Forget the blocks whose events were all taken. */
static void drop_taken(struct store__window *window)
{
	size_t kept = 0;
	for (size_t i = 0; i < window->held_count; i++) {
		struct store__window_block *block = window->held[i];
		if (block->taken < block->count) {
			window->held[kept++] = block;
			continue;
		}
		window->held_bytes -= block->place.bytes;
		recycle(window, block);
	}
	window->held_count = kept;
	window->current = NULL;
}

/* ---- looking ahead ---- */

/* A block may begin this early if the clock was not set back before it. */
static int64_t horizon(const struct store__window *window)
{
	return store_time_minus(window->front_ns, STORE_REORDER_NS);
}

/* In reverse: note which messages never reached clients that disconnected later. 0 or -ENOMEM. */
static int learn_undelivered(struct store__window *window, enum store__cursor_step step)
{
	if (!window->options.reverse)
		return 0;
	if (step == STORE__AT_BLOCK)
		return store__undelivered_take_block(window->options.undelivered, window->cursor);
	if (step == STORE__AT_GAP)
		store__undelivered_take_gap(window->options.undelivered);
	return 0;
}

static void pass_front(struct store__window *window, const struct store__ahead *place)
{
	if (place->latest_ns > window->front_ns)
		window->front_ns = place->latest_ns;
}

/* Park a block whose events must not be sorted into those before it; queue others. */
static void see_block(struct store__window *window)
{
	struct store__ahead place = place_of(window);
	bool is_apart = !window->options.in_time_order || place.earliest_ns < horizon(window);
	if (!place.is_wanted && (!is_apart || !window->options.in_time_order)) {
		pass_front(window, &place);
		return;
	}
	store_segment_reader_hold(place.segment);
	if (is_apart) {
		window->parked = place;
		window->is_parked = true;
		return;
	}
	pass_front(window, &place);
	window->queue[window->queued++] = place;
}

static int park_gap(struct store__window *window)
{
	window->parked_gap = new_block(window);
	if (!window->parked_gap)
		return -ENOMEM;
	take_gap(window, window->parked_gap);
	window->parked_gap->place = (struct store__ahead){.number = window->numbers++};
	window->is_parked = true;
	return 0;
}

static int out_of_memory(const struct store__window *window, struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "%s: out of memory", window->cursor->path);
}

/* Look at the next block or gap of the log. 0 or -ENOMEM with *fault. Another error ends the log, and is reported after all
 * that came before it. */
static int look_ahead(struct store__window *window, struct wire_fault *fault)
{
	int step = store__block_cursor_next(window->cursor, &window->fault);
	if (step < 0) {
		window->error = step;
		step = STORE__AT_END;
	}
	if (learn_undelivered(window, (enum store__cursor_step)step) != 0 ||
	    (step == STORE__AT_GAP && park_gap(window) != 0))
		return out_of_memory(window, fault);
	if (step == STORE__AT_BLOCK)
		see_block(window);
	window->at_end = step == STORE__AT_END;
	return 0;
}

/* Everything before the parked block or gap was given out: hold it now. 0 or -ENOMEM. */
static int let_in_parked(struct store__window *window)
{
	window->is_parked = false;
	if (!window->parked_gap) {
		window->front_ns = window->parked.latest_ns;
		if (window->parked.is_wanted)
			return load(window, &window->parked);
		store_segment_reader_close(window->parked.segment);
		return 0;
	}
	hold(window, window->parked_gap);
	window->parked_gap = NULL;
	return 0;
}

/* ---- which event is next ---- */

static bool comes_before(int64_t a_ns, uint64_t a_number, int64_t b_ns, uint64_t b_number)
{
	return a_ns != b_ns ? a_ns < b_ns : a_number < b_number;
}

/* The held block with the next event. NULL when none is held. */
static struct store__window_block *find_head(const struct store__window *window)
{
	struct store__window_block *head = NULL;
	for (size_t i = 0; i < window->held_count; i++) {
		struct store__window_block *block = window->held[i];
		if (!head ||
		    comes_before(block->key_ns, block->place.number, head->key_ns, head->place.number))
			head = block;
	}
	return head;
}

/* The block of the queue that begins first. NULL when none is queued. */
static struct store__ahead *find_earliest(struct store__window *window)
{
	struct store__ahead *earliest = NULL;
	for (size_t i = 0; i < window->queued; i++) {
		struct store__ahead *place = &window->queue[i];
		if (!earliest ||
		    comes_before(place->earliest_ns, place->number, earliest->earliest_ns, earliest->number))
			earliest = place;
	}
	return earliest;
}

static bool has_room(const struct store__window *window, const struct store__ahead *place)
{
	return window->held_count == 0 || (window->held_count < STORE__WINDOW_BLOCKS &&
					   window->held_bytes + place->bytes <= STORE__WINDOW_BYTES);
}

/* The block of the queue whose first event may come before the next one of those held. NULL: there is none. */
static struct store__ahead *find_due(struct store__window *window, const struct store__window_block *head)
{
	struct store__ahead *earliest = find_earliest(window);
	bool is_due = earliest && (!head || comes_before(earliest->earliest_ns, earliest->number,
							 head->key_ns, head->place.number));
	return is_due && has_room(window, earliest) ? earliest : NULL;
}

/* A gap between blocks stays where it is: nothing is sorted across it. */
static bool is_gap_between(const struct store__window_block *block)
{
	return block->is_gap && !block->place.segment;
}

/* A block that was not looked at yet may hold an event that comes before one of the head. */
static bool must_look_ahead(struct store__window *window, const struct store__window_block *head)
{
	const struct store__ahead *earliest = find_earliest(window);
	if (window->is_parked || window->at_end || window->queued == STORE__WINDOW_QUEUE)
		return false;
	if (head && (!window->options.in_time_order || is_gap_between(head)))
		return false;
	int64_t last_ns = !head ? INT64_MAX : head->is_gap ? head->key_ns : head->place.latest_ns;
	return last_ns > horizon(window) && (!earliest || earliest->earliest_ns > horizon(window));
}

/* Take events from the head only as far as they come before an event at key_ns of the block `number`. */
static void limit(struct store__window *window, int64_t key_ns, uint64_t number)
{
	const struct store__window_block *head = window->current;
	int64_t up_to_ns = number < head->place.number ? store_time_minus(key_ns, 1) : key_ns;
	if (comes_before(head->key_ns, head->place.number, key_ns, number) && up_to_ns < window->limit_ns)
		window->limit_ns = up_to_ns;
}

/* Take events from the head until another one is the next. */
static void begin_taking(struct store__window *window, struct store__window_block *head)
{
	window->current = head;
	window->limit_ns = INT64_MAX;
	for (size_t i = 0; i < window->held_count; i++)
		limit(window, window->held[i]->key_ns, window->held[i]->place.number);
	for (size_t i = 0; i < window->queued; i++)
		limit(window, window->queue[i].earliest_ns, window->queue[i].number);
	if (!window->is_parked && !window->at_end && window->queued < STORE__WINDOW_QUEUE)
		limit(window, horizon(window), window->numbers);
	window->takes_all =
	    !window->options.in_time_order || head->is_gap || head->place.latest_ns <= window->limit_ns;
}

static void remove_queued(struct store__window *window, const struct store__ahead *place)
{
	size_t at = (size_t)(place - window->queue);
	memmove(&window->queue[at], &window->queue[at + 1], (--window->queued - at) * sizeof *window->queue);
}

/* Choose the block to take events from. 1; 0 when there is none, or none yet; or a negative code with *fault. */
static int choose(struct store__window *window, struct wire_fault *fault)
{
	drop_taken(window);
	for (;;) {
		int error = 0;
		struct store__window_block *head = find_head(window);
		struct store__ahead *due;
		if (must_look_ahead(window, head)) {
			if ((error = look_ahead(window, fault)) != 0)
				return error;
		} else if ((due = find_due(window, head)) != NULL) {
			struct store__ahead place = *due;
			remove_queued(window, due);
			error = load(window, &place);
		} else if (head) {
			begin_taking(window, head);
			return 1;
		} else if (window->is_parked) {
			error = let_in_parked(window);
		} else {
			window->at_end = window->error != 0; /* else there may be more when asked again */
			if (window->error && fault)
				*fault = window->fault;
			return window->error;
		}
		if (error)
			return out_of_memory(window, fault);
	}
}

static bool may_take(const struct store__window *window)
{
	const struct store__window_block *block = window->current;
	return block && block->taken < block->count &&
	       (window->takes_all || block->key_ns <= window->limit_ns);
}

/* Hot: once for every event. */
int store__window_next(struct store__window *window, struct wire_event *event, struct wire_fault *fault)
{
	if (!may_take(window)) {
		int status = choose(window, fault);
		if (status <= 0)
			return status;
	}
	struct store__window_block *block = window->current;
	if (block->is_gap)
		*event = block->gap;
	else
		store_block_event(block->scan.block, row_of(window, block), event);
	block->taken++;
	if (!window->takes_all && block->taken < block->count)
		set_key(window, block);
	return 1;
}

int store__window_content(struct store__window *window, struct wire_event *event)
{
	struct store__window_block *block = window->current;
	if (block->is_gap)
		return 0;
	int error = store__block_scan_content(&block->scan, block->place.segment, block->place.entry);
	if (!error)
		store_block_content(block->scan.block, event);
	return error;
}

const struct store__window_block *store__window_given(const struct store__window *window)
{
	return window->current;
}

/* ---- opening and closing ---- */

void store__window_init(struct store__window *window, struct store__block_cursor *cursor,
			const struct store__window_options *options)
{
	*window = (struct store__window){.options = *options, .cursor = cursor, .front_ns = INT64_MIN};
}

void store__window_fini(struct store__window *window)
{
	for (size_t i = 0; i < window->held_count; i++)
		free_block(window->held[i]);
	for (size_t i = 0; i < window->spare_count; i++)
		free_block(window->spare[i]);
	for (size_t i = 0; i < window->queued; i++)
		store_segment_reader_close(window->queue[i].segment);
	free_block(window->parked_gap);
	if (window->is_parked && !window->parked_gap)
		store_segment_reader_close(window->parked.segment);
	store__connection_names_fini(&window->names);
}
