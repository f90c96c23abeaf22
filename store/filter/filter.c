#include "store/filter/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/filter/state.h"
#include "wire/subject.h"

#define KIND_BIT(kind) (1u << (kind))

enum { ALL_KINDS = (1 << WIRE_EVENT_KINDS) - 1 };

/* ---- opening and closing ---- */

struct store_filter *store_filter_open(void)
{
	struct store_filter *filter = calloc(1, sizeof *filter);
	if (!filter)
		return NULL;
	filter->since_ns = INT64_MIN;
	filter->until_ns = INT64_MAX;
	filter->kinds = ALL_KINDS;
	filter->greps.places = STORE__GREP_PAYLOAD;
	return filter;
}

static void list_fini(struct store__filter_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static void headers_fini(struct store__filter_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		free(headers->list[i].key);
		free(headers->list[i].value);
		wire_regex_close(headers->list[i].regex);
	}
	free(headers->list);
}

static void greps_fini(struct store__filter_greps *greps)
{
	for (size_t i = 0; i < greps->count; i++)
		wire_regex_close(greps->list[i]);
	free(greps->list);
}

void store_filter_close(struct store_filter *filter)
{
	if (!filter)
		return;
	list_fini(&filter->subjects);
	list_fini(&filter->excludes);
	list_fini(&filter->clients);
	list_fini(&filter->receivers);
	headers_fini(&filter->headers);
	greps_fini(&filter->greps);
	store__where_close(filter->where);
	free(filter->where_text);
	free(filter->seqs);
	free(filter);
}

/* ---- which events are looked at ---- */

static int out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* Make room for one more item of this size. NULL when out of memory; else the list may have moved. */
static void *grow(void *list, size_t count, size_t size)
{
	return realloc(list, (count + 1) * size);
}

static int list_add(struct store__filter_list *list, const char *text, struct wire_fault *fault)
{
	char **items = grow(list->items, list->count, sizeof *items);
	char *copy = strdup(text);
	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return out_of_memory(fault);
	}
	items[list->count++] = copy;
	return 0;
}

static int add_pattern(struct store__filter_list *list, const char *pattern, struct wire_fault *fault)
{
	if (!wire_subject_is_valid(wire_slice_str(pattern)))
		return wire_fault_set(
		    fault, STORE_EFILTER,
		    "subject \"%s\": tokens are split by single dots, and '>' stands only at the end",
		    pattern);
	return list_add(list, pattern, fault);
}

int store_filter_subject(struct store_filter *filter, const char *pattern, struct wire_fault *fault)
{
	return add_pattern(&filter->subjects, pattern, fault);
}

int store_filter_exclude(struct store_filter *filter, const char *pattern, struct wire_fault *fault)
{
	return add_pattern(&filter->excludes, pattern, fault);
}

static bool find_kind(struct wire_slice name, uint32_t *kinds)
{
	for (int kind = 0; kind < WIRE_EVENT_KINDS; kind++)
		if (wire_slice_equal(name,
				     wire_slice_str(wire_event_kind_name((enum wire_event_kind)kind)))) {
			*kinds |= KIND_BIT(kind);
			return true;
		}
	return false;
}

/* Words that name no kind of event, but something that is found otherwise. */
static const char *explain_kind(struct wire_slice name)
{
	static const struct {
		const char *name, *remedy;
	} known[] = {
	    {"request", "requests are messages with a reply subject: --kind message --where reply"},
	    {"req", "requests are messages with a reply subject: --kind message --where reply"},
	    {"reply",
	     "replies are messages to a request's reply subject: --with-replies, or SUBJECT '_INBOX.>'"},
	    {"response",
	     "replies are messages to a request's reply subject: --with-replies, or SUBJECT '_INBOX.>'"},
	    {"msg", "write message"},
	    {"pub", "write message"},
	    {"publish", "write message"},
	    {"sub", "write subscribe"},
	    {"unsub", "write unsubscribe"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (wire_slice_equal(name, wire_slice_str(known[i].name)))
			return known[i].remedy;
	return "choose from message, delivery, connect, disconnect, subscribe, unsubscribe, error, mark, gap";
}

int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault)
{
	uint32_t kinds = filter->has_kinds ? filter->kinds : 0;
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");
		if (!find_kind(wire_slice(at, len), &kinds))
			return wire_fault_set(fault, STORE_EFILTER, "kind \"%.*s\": %s", (int)len, at,
					      explain_kind(wire_slice(at, len)));
		at += len;
		if (!*at)
			break;
	}
	filter->kinds = kinds;
	filter->has_kinds = true;
	return 0;
}

void store_filter_since(struct store_filter *filter, int64_t ns)
{
	filter->since_ns = ns;
}

void store_filter_until(struct store_filter *filter, int64_t ns)
{
	filter->until_ns = ns;
}

/* A sequence number that begins the text; *after is its end. False when there is none. */
static bool read_seq(const char *text, uint64_t *seq, const char **after)
{
	char *end;
	errno = 0;
	*seq = strtoull(text, &end, 10);
	*after = end;
	return *text >= '0' && *text <= '9' && errno == 0;
}

/* N, A..B, A.. or ..B */
static bool read_range(const char *text, struct store__seq_range *range)
{
	const char *at = text;
	*range = (struct store__seq_range){0, UINT64_MAX};
	bool has_first = read_seq(at, &range->first, &at);
	if (has_first && *at == '\0') {
		range->last = range->first;
		return true;
	}
	if (at[0] != '.' || at[1] != '.' || (!has_first && at[2] == '\0'))
		return false;
	if (!has_first)
		range->first = 0;
	at += 2;
	return *at == '\0' || (read_seq(at, &range->last, &at) && *at == '\0');
}

int store_filter_seq(struct store_filter *filter, const char *text, struct wire_fault *fault)
{
	struct store__seq_range range;
	if (!read_range(text, &range))
		return wire_fault_set(fault, STORE_EFILTER,
				      "--seq \"%s\": write N, A..B, A.. or ..B (sequence numbers)", text);
	if (range.first > range.last)
		return wire_fault_set(fault, STORE_EFILTER,
				      "--seq \"%s\": the first number is larger than the last", text);
	struct store__seq_range *seqs = grow(filter->seqs, filter->seqs_count, sizeof *seqs);
	if (!seqs)
		return out_of_memory(fault);
	filter->seqs = seqs;
	seqs[filter->seqs_count++] = range;
	return 0;
}

/* ---- which of them are chosen ---- */

static int add_client(struct store__filter_list *list, const char *role, const char *client,
		      struct wire_fault *fault)
{
	if (!*client)
		return wire_fault_set(fault, STORE_EFILTER,
				      "%s \"\": give a name, a connection number or an address", role);
	return list_add(list, client, fault);
}

int store_filter_client(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault)
{
	return add_client(&filter->clients, "client", name_id_or_ip, fault);
}

int store_filter_receiver(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault)
{
	return add_client(&filter->receivers, "receiver", name_id_or_ip, fault);
}

/* Fill in a condition from its text, whose key has key_len bytes. */
static int read_header(struct store__header_condition *condition, const char *text, size_t key_len,
		       struct wire_fault *fault)
{
	const char sign = text[key_len];
	condition->key = strndup(text, key_len);
	if (sign == '~')
		return condition->key
			   ? wire_regex_open(&condition->regex, wire_slice_str(text + key_len + 1), fault)
			   : out_of_memory(fault);
	condition->value = sign == '=' ? strdup(text + key_len + 1) : NULL;
	return condition->key && (sign != '=' || condition->value) ? 0 : out_of_memory(fault);
}

int store_filter_header(struct store_filter *filter, const char *condition, struct wire_fault *fault)
{
	const size_t key_len = strcspn(condition, "=~");
	if (key_len == 0)
		return wire_fault_set(fault, STORE_EFILTER,
				      "header \"%s\": write KEY, KEY=VALUE or KEY~REGEX", condition);
	struct store__filter_headers *headers = &filter->headers;
	struct store__header_condition *list = grow(headers->list, headers->count, sizeof *list);
	if (!list)
		return out_of_memory(fault);
	headers->list = list;
	list[headers->count] = (struct store__header_condition){0};
	return read_header(&list[headers->count++], condition, key_len, fault);
}

int store_filter_grep(struct store_filter *filter, const char *regex, struct wire_fault *fault)
{
	struct store__filter_greps *greps = &filter->greps;
	struct wire_regex **list = grow(greps->list, greps->count, sizeof *list);
	if (!list)
		return out_of_memory(fault);
	greps->list = list;
	int error = wire_regex_open(&list[greps->count], wire_slice_str(regex), fault);
	greps->count += !error;
	return error;
}

static bool find_place(struct wire_slice name, unsigned *places)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {{"payload", STORE__GREP_PAYLOAD},
		     {"headers", STORE__GREP_HEADERS},
		     {"subject", STORE__GREP_SUBJECT}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (wire_slice_equal(name, wire_slice_str(known[i].name))) {
			*places |= known[i].bit;
			return true;
		}
	return false;
}

int store_filter_grep_in(struct store_filter *filter, const char *places, struct wire_fault *fault)
{
	filter->greps.places = 0;
	for (const char *at = places;; at++) {
		size_t len = strcspn(at, ",");
		if (!find_place(wire_slice(at, len), &filter->greps.places))
			return wire_fault_set(fault, STORE_EFILTER,
					      "--grep-in \"%.*s\": choose from payload, headers and subject",
					      (int)len, at);
		at += len;
		if (!*at)
			return 0;
	}
}

/* As with the other conditions, of several expressions one suffices: they are compiled as one. */
static char *join(const char *first, const char *second)
{
	char *text;
	return asprintf(&text, "(%s) || (%s)", first, second) < 0 ? NULL : text;
}

int store_filter_where(struct store_filter *filter, const char *expression,
		       const struct store_where_times *times, struct wire_fault *fault)
{
	struct store__where *where, *both;
	int error = store__where_open(&where, wire_slice_str(expression), times, fault);
	if (error)
		return error;
	char *text = filter->where ? join(filter->where_text, expression) : strdup(expression);
	if (!text)
		error = out_of_memory(fault);
	else if (filter->where &&
		 (error = store__where_open(&both, wire_slice_str(text), times, fault)) == 0) {
		store__where_close(where);
		where = both;
	}
	if (error) {
		free(text);
		store__where_close(where);
		return error;
	}
	store__where_close(filter->where);
	free(filter->where_text);
	filter->where = where;
	filter->where_text = text;
	return 0;
}

void store_filter_min_size(struct store_filter *filter, uint64_t bytes)
{
	filter->min_size = bytes;
}

void store_filter_unheard(struct store_filter *filter)
{
	filter->is_unheard = true;
}

bool store_filter_invert(struct store_filter *filter)
{
	filter->is_inverted = filter->clients.count > 0 || filter->receivers.count > 0 ||
			      filter->headers.count > 0 || filter->greps.count > 0 || filter->where ||
			      filter->min_size > 0 || filter->is_unheard;
	return filter->is_inverted;
}
