#include "store/filter/passes.h"

#include "store/filter/client.h"
#include "store/where/bounds.h"
#include "wire/headers.h"
#include "wire/subject.h"

#define KIND_BIT(kind) (1u << (kind))

/* ---- which events are looked at ---- */

static bool has_times(const struct store_filter *filter)
{
	return filter->since_ns != INT64_MIN || filter->until_ns != INT64_MAX;
}

bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns)
{
	return store__filter_has_time(filter, min_ns, max_ns);
}

bool store_filter_asks_for_gaps(const struct store_filter *filter)
{
	return filter->has_kinds && (filter->kinds & KIND_BIT(WIRE_EVENT_GAP));
}

bool store_filter_passes_kind(const struct store_filter *filter, enum wire_event_kind kind)
{
	return (filter->kinds & KIND_BIT(kind)) != 0;
}

static bool matches_any(const struct store__filter_list *list, struct wire_slice subject)
{
	for (size_t i = 0; i < list->count; i++)
		if (wire_subject_matches(wire_slice_str(list->items[i]), subject))
			return true;
	return false;
}

bool store_filter_passes_subject(const struct store_filter *filter, struct wire_slice subject)
{
	if (subject.len == 0)
		return filter->subjects.count == 0;
	if (filter->subjects.count > 0 && !matches_any(&filter->subjects, subject))
		return false;
	return !matches_any(&filter->excludes, subject);
}

bool store__filter_seqs(const struct store_filter *filter, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < filter->seqs_count; i++)
		if (filter->seqs[i].first <= last && filter->seqs[i].last >= first)
			return true;
	return filter->seqs_count == 0;
}

/* ---- which of them are chosen: each function answers for one kind of condition ---- */

static enum store__verdict judge_size(const struct store_filter *filter, const struct store__facts *facts)
{
	if (filter->min_size == 0)
		return STORE__YES;
	if (!(facts->have & STORE__NEEDS_NUMBERS))
		return STORE__MAYBE;
	return store__verdict_of(facts->event->size >= filter->min_size);
}

static bool is_named(const struct store__filter_list *list, uint64_t conn, const struct wire_client *client)
{
	for (size_t i = 0; i < list->count; i++)
		if (store__filter_is_client(list->items[i], conn, client))
			return true;
	return false;
}

static const struct wire_client *described(const struct store__facts *facts, uint64_t conn)
{
	return store_clients_lookup_find(facts->clients, conn);
}

static enum store__verdict judge_clients(const struct store_filter *filter, const struct store__facts *facts)
{
	if (filter->clients.count == 0)
		return STORE__YES;
	if (!(facts->have & STORE__NEEDS_CLIENT))
		return STORE__MAYBE;
	return store__verdict_of(is_named(&filter->clients, facts->event->conn, store__facts_client(facts)));
}

static bool has_named_receiver(const struct store_filter *filter, const struct store__facts *facts)
{
	const struct wire_event *event = facts->event;
	if (event->kind == WIRE_EVENT_DELIVERY)
		return event->outcome == WIRE_SENT &&
		       is_named(&filter->receivers, event->conn, described(facts, event->conn));
	for (uint32_t i = 0; i < event->receivers_len; i++)
		if (event->receivers[i].outcome == WIRE_SENT &&
		    is_named(&filter->receivers, event->receivers[i].conn,
			     described(facts, event->receivers[i].conn)))
			return true;
	return false;
}

static enum store__verdict judge_receivers(const struct store_filter *filter,
					   const struct store__facts *facts)
{
	if (filter->receivers.count == 0)
		return STORE__YES;
	if (!(facts->have & STORE__NEEDS_RECEIVERS))
		return STORE__MAYBE;
	return store__verdict_of(has_named_receiver(filter, facts));
}

static enum store__verdict judge_unheard(const struct store_filter *filter, const struct store__facts *facts)
{
	if (!filter->is_unheard)
		return STORE__YES;
	if (!(facts->have & STORE__NEEDS_RECEIVERS))
		return STORE__MAYBE;
	return store__verdict_of(wire_event_is_unheard(facts->event));
}

static bool has_value(const struct store__header_condition *condition, struct wire_slice value)
{
	if (condition->regex)
		return wire_regex_finds(condition->regex, value);
	return !condition->value || wire_slice_equal(value, wire_slice_str(condition->value));
}

static bool has_header(const struct store__filter_headers *wanted, struct wire_slice block)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	if (wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &key, &value) == 1)
		for (size_t i = 0; i < wanted->count; i++)
			if (wire_headers_key_is(key, wanted->list[i].key) &&
			    has_value(&wanted->list[i], value))
				return true;
	return false;
}

static bool has_body(const struct wire_event *event)
{
	return event->kind <= WIRE_EVENT_DELIVERY;
}

static enum store__verdict judge_headers(const struct store_filter *filter, const struct store__facts *facts)
{
	const struct wire_event *event = facts->event;
	if (filter->headers.count == 0)
		return STORE__YES;
	if ((facts->have & STORE__NEEDS_NUMBERS) && (!has_body(event) || event->headers.len == 0))
		return STORE__NO;
	if (!(facts->have & STORE__NEEDS_CONTENT))
		return STORE__MAYBE;
	return store__verdict_of(has_header(&filter->headers, event->headers));
}

static bool finds(const struct store__filter_greps *greps, struct wire_slice text)
{
	for (size_t i = 0; i < greps->count; i++)
		if (wire_regex_finds(greps->list[i], text))
			return true;
	return false;
}

/* Not so the text of a gap, which passes in any case. */
static bool has_text(const struct wire_event *event)
{
	return event->kind == WIRE_EVENT_DISCONNECT || event->kind == WIRE_EVENT_ERROR ||
	       event->kind == WIRE_EVENT_MARK;
}

/* The text of an error, a mark or a disconnect is searched as its payload. */
static bool finds_in_content(const struct store__filter_greps *greps, const struct wire_event *event)
{
	const struct wire_slice text = has_body(event) ? event->payload : event->text;
	return ((greps->places & STORE__GREP_PAYLOAD) && finds(greps, text)) ||
	       ((greps->places & STORE__GREP_HEADERS) && has_body(event) && finds(greps, event->headers));
}

/* An event of this kind has something that may be searched, besides its subject. */
static bool is_searched(const struct store__filter_greps *greps, const struct wire_event *event)
{
	return has_body(event) || ((greps->places & STORE__GREP_PAYLOAD) && has_text(event));
}

static enum store__verdict judge_greps(const struct store_filter *filter, const struct store__facts *facts)
{
	const struct store__filter_greps *greps = &filter->greps;
	const struct wire_event *event = facts->event;
	if (greps->count == 0)
		return STORE__YES;
	if ((greps->places & STORE__GREP_SUBJECT) && (facts->have & STORE__NEEDS_SUBJECT) &&
	    event->subject.len > 0 && finds(greps, event->subject))
		return STORE__YES;
	const bool may_be_elsewhere = (greps->places & (STORE__GREP_PAYLOAD | STORE__GREP_HEADERS)) != 0 ||
				      !(facts->have & STORE__NEEDS_SUBJECT);
	if (!may_be_elsewhere || ((facts->have & STORE__NEEDS_NUMBERS) && !is_searched(greps, event)))
		return STORE__NO;
	if (!(facts->have & STORE__NEEDS_CONTENT))
		return STORE__MAYBE;
	return store__verdict_of(finds_in_content(greps, event));
}

/* The conditions that the columns decide. */
static enum store__verdict judge_columns(const struct store_filter *filter, const struct store__facts *facts)
{
	enum store__verdict verdict = judge_size(filter, facts);
	if (verdict != STORE__NO)
		verdict = store__both(verdict, judge_unheard(filter, facts));
	if (verdict != STORE__NO)
		verdict = store__both(verdict, judge_clients(filter, facts));
	if (verdict != STORE__NO)
		verdict = store__both(verdict, judge_receivers(filter, facts));
	return verdict;
}

/* Hot: once for every event that the header and the dictionary of its block leave open. Cheap conditions come first. */
enum store__verdict store__filter_judge(const struct store_filter *filter, struct store__decided decided,
					const struct store__facts *facts)
{
	enum store__verdict verdict = judge_columns(filter, facts);
	if (verdict != STORE__NO)
		verdict = store__both(verdict, judge_headers(filter, facts));
	if (verdict != STORE__NO)
		verdict = store__both(verdict, judge_greps(filter, facts));
	if (filter->where && verdict != STORE__NO)
		verdict = store__both(verdict, store__where_judge(filter->where, decided, facts));
	return filter->is_inverted ? store__opposite(verdict) : verdict;
}

/* ---- blocks ---- */

/* The messages of a block are too small, even together. Sizes of deliveries are not in the header. */
static bool is_too_small(const struct store_filter *filter, const struct store_block_header *header)
{
	return !(header->kinds & KIND_BIT(WIRE_EVENT_DELIVERY)) && header->payload_bytes < filter->min_size;
}

struct store__decided store__filter_bounds(const struct store_filter *filter,
					   const struct store_block_header *header)
{
	return filter->where ? store__where_bounds(filter->where, header) : (struct store__decided){0};
}

/* Without a look at any event: are there some that may be chosen? */
static bool may_choose(const struct store_filter *filter, const struct store_block_header *header)
{
	static const struct store__facts nothing = {0};
	if (is_too_small(filter, header) && !filter->is_inverted)
		return false;
	return !filter->where ||
	       store__filter_judge(filter, store__filter_bounds(filter, header), &nothing) != STORE__NO;
}

bool store__filter_block(const struct store_filter *filter, const struct store_block_header *header)
{
	return (header->kinds & filter->kinds) != 0 &&
	       store_filter_times(filter, header->min_time_ns, header->max_time_ns) &&
	       store__filter_seqs(filter, header->first_seq, header->first_seq + header->events - 1) &&
	       ((header->kinds & KIND_BIT(WIRE_EVENT_GAP)) || may_choose(filter, header));
}

bool store__filter_whole_block(const struct store_filter *filter, const struct store_block_header *header)
{
	return (header->kinds & ~filter->kinds) == 0 && header->min_time_ns >= filter->since_ns &&
	       (header->max_time_ns < filter->until_ns || filter->until_ns == INT64_MAX) &&
	       filter->min_size == 0 && store__filter_needs(filter) == 0;
}

/* The expression and the regular expressions, as far as a subject decides them. */
static bool may_hold(const struct store_filter *filter, struct wire_slice subject,
		     struct store__decided *decided)
{
	const struct wire_event event = {.subject = subject};
	const struct store__facts facts = {.event = &event, .have = STORE__NEEDS_SUBJECT};
	if (filter->where && filter->where->subject_tests) {
		decided->holds |= store__where_subject(filter->where, subject);
		decided->known |= filter->where->subject_tests;
	}
	return store__filter_judge(filter, *decided, &facts) != STORE__NO;
}

bool store__filter_subject(const struct store_filter *filter, struct wire_slice subject,
			   struct store__decided *decided)
{
	if (!store_filter_passes_subject(filter, subject))
		return false;
	const bool has_more = filter->where || (filter->greps.places & STORE__GREP_SUBJECT);
	return !has_more || may_hold(filter, subject, decided);
}

unsigned store__filter_needs(const struct store_filter *filter)
{
	unsigned needs = filter->where ? filter->where->needs : 0;
	if (filter->clients.count > 0)
		needs |= STORE__NEEDS_NUMBERS | STORE__NEEDS_CLIENT;
	if (filter->receivers.count > 0 || filter->is_unheard)
		needs |= STORE__NEEDS_NUMBERS | STORE__NEEDS_RECEIVERS | STORE__NEEDS_CLIENT;
	if (filter->headers.count > 0)
		needs |= STORE__NEEDS_NUMBERS | STORE__NEEDS_CONTENT;
	if (filter->greps.count > 0)
		needs |= STORE__NEEDS_NUMBERS | STORE__NEEDS_SUBJECT;
	if (filter->greps.count > 0 && filter->greps.places != STORE__GREP_SUBJECT)
		needs |= STORE__NEEDS_CONTENT;
	return filter->is_inverted || filter->seqs_count > 0 ? needs | STORE__NEEDS_NUMBERS : needs;
}

bool store__filter_asks_columns(const struct store_filter *filter)
{
	return filter->where || filter->clients.count > 0 || filter->receivers.count > 0 ||
	       filter->is_unheard || filter->headers.count > 0 || filter->seqs_count > 0 ||
	       (filter->greps.count > 0 && (filter->greps.places & STORE__GREP_SUBJECT)) ||
	       filter->is_inverted;
}

/* ---- events ---- */

bool store_filter_needs_payloads(const struct store_filter *filter)
{
	return (store__filter_needs(filter) & STORE__NEEDS_CONTENT) != 0;
}

bool store_filter_is_over(const struct store_filter *filter, int64_t ns)
{
	return ns >= filter->until_ns && filter->until_ns != INT64_MAX;
}

bool store_filter_needs_subjects(const struct store_filter *filter)
{
	return filter->subjects.count > 0 || filter->excludes.count > 0;
}

void store_filter_period(const struct store_filter *filter, int64_t *since_ns, int64_t *until_ns)
{
	*since_ns = filter->since_ns;
	*until_ns = filter->until_ns;
}

bool store_filter_is_empty(const struct store_filter *filter)
{
	return filter->subjects.count == 0 && filter->excludes.count == 0 && !has_times(filter) &&
	       !filter->has_kinds && filter->min_size == 0 && store__filter_needs(filter) == 0;
}

bool store__filter_passes_content(const struct store_filter *filter, const struct wire_event *event,
				  const struct store_clients_lookup *clients)
{
	const struct store__facts facts = {.event = event, .clients = clients, .have = STORE__NEEDS_ALL};
	if (event->kind == WIRE_EVENT_GAP)
		return true;
	if (!store__filter_asks_columns(filter)) /* then only regular expressions are left */
		return judge_greps(filter, &facts) == STORE__YES;
	return store__filter_judge(filter, (struct store__decided){0}, &facts) == STORE__YES;
}

static const struct wire_client *find_in_source(void *context, uint64_t conn)
{
	struct wire_source *source = context;
	return source->client(source, conn);
}

bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			struct wire_source *source)
{
	const struct store_clients_lookup clients = {.find = find_in_source, .context = source};
	const bool is_gap = event->kind == WIRE_EVENT_GAP;
	return store__filter_numbers(filter, event->kind, event->time_ns, event->size) &&
	       store__filter_seqs(filter, event->seq, event->seq) &&
	       (is_gap || store_filter_passes_subject(filter, event->subject)) &&
	       !store__filter_drops_repetition(filter, event) &&
	       store__filter_passes_content(filter, event, source ? &clients : NULL);
}
