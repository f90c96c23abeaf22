#define PCRE2_CODE_UNIT_WIDTH 8
#include "store/filter.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

#include "wire/headers.h"
#include "wire/subject.h"

/* No pattern may take longer on one payload than so many steps: it counts as not found then. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 16384 };

/* Owned strings. Zeroed = empty. */
struct list {
	char **items;
	size_t count;
};

struct store_filter {
	struct list subjects, excludes, clients, headers;
	pcre2_code **greps;
	size_t greps_count;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	int64_t since_ns, until_ns;
	uint64_t min_size;
	uint32_t kinds; /* bit (1 << kind) */
	bool repeated;  /* repeated connect events pass */
};

enum { ALL_KINDS = (1 << WIRE_EVENT_KINDS) - 1 };

struct store_filter *store_filter_open(void)
{
	struct store_filter *filter = calloc(1, sizeof *filter);
	if (!filter)
		return NULL;
	filter->since_ns = INT64_MIN;
	filter->until_ns = INT64_MAX;
	filter->kinds = ALL_KINDS;
	return filter;
}

static void list_fini(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void store_filter_close(struct store_filter *filter)
{
	if (!filter)
		return;
	list_fini(&filter->subjects);
	list_fini(&filter->excludes);
	list_fini(&filter->clients);
	list_fini(&filter->headers);
	for (size_t i = 0; i < filter->greps_count; i++)
		pcre2_code_free(filter->greps[i]);
	free(filter->greps);
	pcre2_match_context_free(filter->limits);
	pcre2_match_data_free(filter->match);
	free(filter);
}

/* ---- conditions ---- */

static int list_add(struct list *list, const char *text, struct wire_fault *fault)
{
	char *copy = strdup(text);
	char **items = copy ? realloc(list->items, (list->count + 1) * sizeof(*items)) : NULL;
	if (!items) {
		free(copy);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	items[list->count++] = copy;
	list->items = items;
	return 0;
}

static int add_pattern(struct list *list, const char *pattern, struct wire_fault *fault)
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

int store_filter_client(struct store_filter *filter, const char *name_id_or_ip, struct wire_fault *fault)
{
	if (!*name_id_or_ip)
		return wire_fault_set(fault, STORE_EFILTER,
				      "client \"\": give a name, a connection number or an address");
	return list_add(&filter->clients, name_id_or_ip, fault);
}

int store_filter_header(struct store_filter *filter, const char *key_or_pair, struct wire_fault *fault)
{
	if (!*key_or_pair || *key_or_pair == '=')
		return wire_fault_set(fault, STORE_EFILTER, "header \"%s\": write KEY or KEY=VALUE",
				      key_or_pair);
	return list_add(&filter->headers, key_or_pair, fault);
}

static int add_code(struct store_filter *filter, pcre2_code *code)
{
	pcre2_code **greps = realloc(filter->greps, (filter->greps_count + 1) * sizeof(*greps));
	if (!greps)
		return -ENOMEM;
	filter->greps = greps;
	greps[filter->greps_count++] = code;
	if (!filter->match)
		filter->match = pcre2_match_data_create(1, NULL);
	if (!filter->limits)
		filter->limits = pcre2_match_context_create(NULL);
	if (!filter->match || !filter->limits)
		return -ENOMEM;
	pcre2_set_match_limit(filter->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(filter->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(filter->limits, HEAP_LIMIT_KIB);
	return 0;
}

int store_filter_grep(struct store_filter *filter, const char *regex, struct wire_fault *fault)
{
	int number;
	PCRE2_SIZE at;
	pcre2_code *code =
	    pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_UTF, &number, &at, NULL);
	if (!code) {
		PCRE2_UCHAR why[160];
		pcre2_get_error_message(number, why, sizeof why);
		return wire_fault_set(fault, STORE_EFILTER, "regular expression \"%s\", at character %zu: %s",
				      regex, (size_t)at + 1, (const char *)why);
	}
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	int error = add_code(filter, code);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
}

static bool find_kind(struct wire_slice name, uint32_t *kinds)
{
	for (int kind = 0; kind < WIRE_EVENT_KINDS; kind++)
		if (wire_slice_equal(name,
				     wire_slice_str(wire_event_kind_name((enum wire_event_kind)kind)))) {
			*kinds |= 1u << kind;
			return true;
		}
	return false;
}

int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault)
{
	uint32_t kinds = filter->repeated ? filter->kinds : 0;
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");
		if (!find_kind(wire_slice(at, len), &kinds))
			return wire_fault_set(
			    fault, STORE_EFILTER,
			    "kind \"%.*s\": choose from message, delivery, connect, disconnect, subscribe, "
			    "unsubscribe, error, mark, gap",
			    (int)len, at);
		at += len;
		if (!*at)
			break;
	}
	filter->kinds = kinds;
	filter->repeated = true;
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

void store_filter_min_size(struct store_filter *filter, uint64_t bytes)
{
	filter->min_size = bytes;
}

/* ---- questions ---- */

bool store_filter_needs_payloads(const struct store_filter *filter)
{
	return filter->greps_count > 0 || filter->headers.count > 0;
}

bool store_filter_needs_clients(const struct store_filter *filter)
{
	return filter->clients.count > 0;
}

static bool has_subject_conditions(const struct store_filter *filter)
{
	return filter->subjects.count > 0 || filter->excludes.count > 0;
}

bool store_filter_is_empty(const struct store_filter *filter)
{
	return !has_subject_conditions(filter) && filter->clients.count == 0 &&
	       !store_filter_needs_payloads(filter) && filter->since_ns == INT64_MIN &&
	       filter->until_ns == INT64_MAX && filter->min_size == 0 && filter->kinds == ALL_KINDS;
}

bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns)
{
	return max_ns >= filter->since_ns && min_ns < filter->until_ns;
}

bool store_filter_block(const struct store_filter *filter, const struct store_block_header *header)
{
	return (header->kinds & filter->kinds) != 0 &&
	       store_filter_times(filter, header->min_time_ns, header->max_time_ns);
}

static bool matches_any(const struct list *list, struct wire_slice subject)
{
	for (size_t i = 0; i < list->count; i++)
		if (wire_subject_matches(wire_slice_str(list->items[i]), subject))
			return true;
	return false;
}

bool store_filter_passes_subject(const struct store_filter *filter, struct wire_slice subject)
{
	if (filter->subjects.count > 0 && !matches_any(&filter->subjects, subject))
		return false;
	return !matches_any(&filter->excludes, subject);
}

/* "10.0.0.7:53122" or "[::1]:53122" is at the address, with or without its port. */
static bool is_address(struct wire_slice address, const char *wanted)
{
	struct wire_slice text = wire_slice_str(wanted);
	if (address.len == 0)
		return false;
	if (wire_slice_equal(address, text))
		return true;
	const char *colon = memrchr(address.data, ':', address.len);
	struct wire_slice ip = wire_slice(address.data, colon ? (size_t)(colon - address.data) : address.len);
	if (ip.len >= 2 && ip.data[0] == '[')
		ip = wire_slice(ip.data + 1, ip.len - 2);
	return wire_slice_equal(ip, text);
}

static bool is_client(const char *wanted, uint64_t conn, const struct wire_client *client)
{
	char *end;
	unsigned long long number = strtoull(wanted, &end, 10);
	if (!*end && number == conn)
		return true;
	return client && (wire_slice_equal(client->name, wire_slice_str(wanted)) ||
			  is_address(client->address, wanted));
}

static bool passes_clients(const struct store_filter *filter, const struct wire_event *event,
			   const struct wire_client *client)
{
	for (size_t i = 0; i < filter->clients.count; i++)
		if (is_client(filter->clients.items[i], event->conn, client))
			return true;
	return filter->clients.count == 0;
}

static bool has_header(struct wire_slice block, const char *wanted)
{
	struct wire_headers headers;
	struct wire_slice key, value, key_wanted = wire_slice(wanted, strcspn(wanted, "="));
	const char *value_wanted = wanted[key_wanted.len] ? wanted + key_wanted.len + 1 : NULL;
	if (block.len == 0 || wire_headers_open(&headers, block) != 0)
		return false;
	while (wire_headers_next(&headers, &key, &value) == 1)
		if (wire_slice_equal(key, key_wanted) &&
		    (!value_wanted || wire_slice_equal(value, wire_slice_str(value_wanted))))
			return true;
	return false;
}

static bool passes_headers(const struct store_filter *filter, struct wire_slice block)
{
	for (size_t i = 0; i < filter->headers.count; i++)
		if (has_header(block, filter->headers.items[i]))
			return true;
	return filter->headers.count == 0;
}

static bool passes_greps(const struct store_filter *filter, struct wire_slice payload)
{
	for (size_t i = 0; i < filter->greps_count; i++)
		if (pcre2_match(filter->greps[i], (PCRE2_SPTR)(payload.data ? payload.data : ""), payload.len,
				0, 0, filter->match, filter->limits) >= 0)
			return true;
	return filter->greps_count == 0;
}

/* A gap stands for what might have passed: only time and kind may hide it. */
bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			const struct wire_client *client)
{
	if (!(filter->kinds & 1u << event->kind) || event->time_ns < filter->since_ns ||
	    event->time_ns >= filter->until_ns)
		return false;
	if (event->kind == WIRE_EVENT_GAP)
		return true;
	if ((event->flags & WIRE_EVENT_REPEATED) && !filter->repeated)
		return false;
	if (event->subject.len == 0 ? filter->subjects.count > 0
				    : !store_filter_passes_subject(filter, event->subject))
		return false;
	return event->size >= filter->min_size && passes_clients(filter, event, client) &&
	       passes_headers(filter, event->headers) && passes_greps(filter, event->payload);
}
