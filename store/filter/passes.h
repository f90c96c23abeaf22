/* passes.h - how a filter is checked against a block, level by level: its header, its dictionary, each of its rows, and only
 * then headers and payloads. Internal to store. */
#ifndef STORE_FILTER_PASSES_H
#define STORE_FILTER_PASSES_H

#include "store/filter/filter.h"
#include "store/filter/state.h"
#include "store/format/format.h"

/* By its header, can an event of this block pass? */
bool store__filter_block(const struct store_filter *filter, const struct store_block_header *header);
/* By its header, does every event of this block pass whose subject passes? */
bool store__filter_whole_block(const struct store_filter *filter, const struct store_block_header *header);

/* The parts of the expression that the header of a block decides for all of its events. */
struct store__decided store__filter_bounds(const struct store_filter *filter,
					   const struct store_block_header *header);

/* A subject of a block's dictionary: can events with it pass? An empty one stands for events without a subject. *decided is
 * what store__filter_bounds gave; the parts of the expression that the subject decides are added to it. */
bool store__filter_subject(const struct store_filter *filter, struct wire_slice subject,
			   struct store__decided *decided);

/* Can an event between these times, both inclusive, pass? */
static inline bool store__filter_has_time(const struct store_filter *filter, int64_t min_ns, int64_t max_ns)
{
	return max_ns >= filter->since_ns && (min_ns < filter->until_ns || filter->until_ns == INT64_MAX);
}

/* The conditions on numbers that are checked for every row: kind, time, true payload size. Inline: once for every event of a
 * log. */
static inline bool store__filter_numbers(const struct store_filter *filter, enum wire_event_kind kind,
					 int64_t time_ns, uint64_t size)
{
	return (filter->kinds >> kind & 1) && store__filter_has_time(filter, time_ns, time_ns) &&
	       (size >= filter->min_size || kind == WIRE_EVENT_GAP || filter->is_inverted);
}

/* Is one of these sequence numbers, both inclusive, looked at? */
bool store__filter_seqs(const struct store_filter *filter, uint64_t first, uint64_t last);

/* STORE__NEEDS_ bits: what must be known of an event to judge it. 0: store__filter_numbers and the subject suffice. */
unsigned store__filter_needs(const struct store_filter *filter);

/* The columns may decide more than store__filter_numbers does. */
bool store__filter_asks_columns(const struct store_filter *filter);

/* The conditions that choose events, as far as the facts decide them. An event that is no gap. */
enum store__verdict store__filter_judge(const struct store_filter *filter, struct store__decided decided,
					const struct store__facts *facts);

/* A connect event that is a repetition, which does not pass unless connect events are asked for. */
static inline bool store__filter_drops_repetition(const struct store_filter *filter,
						  const struct wire_event *event)
{
	return (event->flags & WIRE_EVENT_REPEATED) && event->kind == WIRE_EVENT_CONNECT &&
	       !filter->has_kinds;
}

/* Decide the conditions that the header and the columns of a block left open. Everything about the event is known. */
bool store__filter_passes_content(const struct store_filter *filter, const struct wire_event *event,
				  const struct store_clients_lookup *clients);

#endif
