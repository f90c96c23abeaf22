#define PCRE2_CODE_UNIT_WIDTH 8
#include "store/read/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/headers.h"
#include "wire/subject.h"

/* Bounds on the steps and the memory that a pattern may take on one payload. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 16384 };
enum { JIT_STACK_BYTES = 32 << 10, JIT_STACK_BYTES_MAX = 1 << 20 };

/* Owned strings. Zeroed = empty. */
struct list {
	char **items;
	size_t count;
};

/* Regular expressions, and what they are matched with. Zeroed = none. */
struct greps {
	pcre2_code **codes;
	size_t count;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	pcre2_jit_stack *stack;
};

struct store_filter {
	struct list subjects, excludes, clients, headers;
	struct greps greps;
	int64_t since_ns, until_ns;
	uint64_t min_size;
	uint32_t kinds; /* bit (1 << kind) */
	bool has_kinds; /* given by the user: repeated connect events pass */
};

#define KIND_BIT(kind) (1u << (kind))

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

static void greps_fini(struct greps *greps)
{
	for (size_t i = 0; i < greps->count; i++)
		pcre2_code_free(greps->codes[i]);
	free(greps->codes);
	pcre2_match_context_free(greps->limits);
	pcre2_match_data_free(greps->match);
	pcre2_jit_stack_free(greps->stack);
}

void store_filter_close(struct store_filter *filter)
{
	if (!filter)
		return;
	list_fini(&filter->subjects);
	list_fini(&filter->excludes);
	list_fini(&filter->clients);
	list_fini(&filter->headers);
	greps_fini(&filter->greps);
	free(filter);
}

/* ---- conditions ---- */

static int list_add(struct list *list, const char *text, struct wire_fault *fault)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof *items);
	char *copy = strdup(text);
	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	items[list->count++] = copy;
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

/* Allocate memory for matching, with its bounds. 0 or -ENOMEM. */
static int prepare(struct greps *greps)
{
	if (greps->limits)
		return 0;
	greps->match = pcre2_match_data_create(1, NULL);
	greps->stack = pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_BYTES_MAX, NULL);
	greps->limits = pcre2_match_context_create(NULL);
	if (!greps->match || !greps->stack || !greps->limits)
		return -ENOMEM;
	pcre2_jit_stack_assign(greps->limits, NULL, greps->stack);
	pcre2_set_match_limit(greps->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(greps->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(greps->limits, HEAP_LIMIT_KIB);
	return 0;
}

/* Takes the code in any case. */
static int add_code(struct greps *greps, pcre2_code *code)
{
	pcre2_code **codes = realloc(greps->codes, (greps->count + 1) * sizeof *codes);
	if (!codes) {
		pcre2_code_free(code);
		return -ENOMEM;
	}
	greps->codes = codes;
	codes[greps->count++] = code;
	return prepare(greps);
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
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without JIT, it is interpreted */
	int error = add_code(&filter->greps, code);
	return error ? wire_fault_set(fault, error, "out of memory") : 0;
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

int store_filter_kinds(struct store_filter *filter, const char *names, struct wire_fault *fault)
{
	uint32_t kinds = filter->has_kinds ? filter->kinds : 0;
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

bool store_filter_is_over(const struct store_filter *filter, int64_t ns)
{
	return ns >= filter->until_ns && filter->until_ns != INT64_MAX;
}

void store_filter_min_size(struct store_filter *filter, uint64_t bytes)
{
	filter->min_size = bytes;
}

/* ---- questions ---- */

bool store_filter_needs_payloads(const struct store_filter *filter)
{
	return filter->greps.count > 0 || filter->headers.count > 0;
}

bool store_filter_needs_clients(const struct store_filter *filter)
{
	return filter->clients.count > 0;
}

static bool has_times(const struct store_filter *filter)
{
	return filter->since_ns != INT64_MIN || filter->until_ns != INT64_MAX;
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
	return filter->subjects.count == 0 && filter->excludes.count == 0 && filter->clients.count == 0 &&
	       !store_filter_needs_payloads(filter) && !has_times(filter) && filter->min_size == 0 &&
	       !filter->has_kinds;
}

bool store_filter_times(const struct store_filter *filter, int64_t min_ns, int64_t max_ns)
{
	return max_ns >= filter->since_ns && (min_ns < filter->until_ns || filter->until_ns == INT64_MAX);
}

/* The messages of a block are too small, even together. Sizes of deliveries are not in the header. */
static bool is_too_small(const struct store_filter *filter, const struct store_block_header *header)
{
	const uint32_t others = KIND_BIT(WIRE_EVENT_DELIVERY) | KIND_BIT(WIRE_EVENT_GAP);
	return !(header->kinds & others) && header->payload_bytes < filter->min_size;
}

bool store_filter_block(const struct store_filter *filter, const struct store_block_header *header)
{
	return (header->kinds & filter->kinds) != 0 &&
	       store_filter_times(filter, header->min_time_ns, header->max_time_ns) &&
	       !is_too_small(filter, header);
}

bool store_filter_whole_block(const struct store_filter *filter, const struct store_block_header *header)
{
	return (header->kinds & ~filter->kinds) == 0 && header->min_time_ns >= filter->since_ns &&
	       (header->max_time_ns < filter->until_ns || filter->until_ns == INT64_MAX) &&
	       filter->clients.count == 0 && filter->min_size == 0 && !store_filter_needs_payloads(filter);
}

bool store_filter_asks_for_gaps(const struct store_filter *filter)
{
	return filter->has_kinds && (filter->kinds & KIND_BIT(WIRE_EVENT_GAP));
}

bool store_filter_passes_kind(const struct store_filter *filter, enum wire_event_kind kind)
{
	return (filter->kinds & KIND_BIT(kind)) != 0;
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
	if (subject.len == 0)
		return filter->subjects.count == 0;
	if (filter->subjects.count > 0 && !matches_any(&filter->subjects, subject))
		return false;
	return !matches_any(&filter->excludes, subject);
}

/* "10.0.0.7:53122" and "[::1]:53122" are found with and without their port, the latter also without brackets. */
static bool is_address(struct wire_slice address, struct wire_slice wanted)
{
	const char *colon = address.len > 0 ? memrchr(address.data, ':', address.len) : NULL;
	if (!colon || wire_slice_equal(address, wanted))
		return address.len > 0 && wire_slice_equal(address, wanted);
	struct wire_slice ip = wire_slice(address.data, (size_t)(colon - address.data));
	if (wire_slice_equal(ip, wanted))
		return true;
	return ip.len >= 2 && ip.data[0] == '[' &&
	       wire_slice_equal(wire_slice(ip.data + 1, ip.len - 2), wanted);
}

static bool is_number(const char *wanted, uint64_t conn)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, conn);
	return strcmp(digits, wanted) == 0;
}

static bool is_client(const char *wanted, uint64_t conn, const struct wire_client *client)
{
	struct wire_slice text = wire_slice_str(wanted);
	if (client && (wire_slice_equal(client->name, text) || is_address(client->address, text)))
		return true;
	return conn > 0 && is_number(wanted, conn);
}

bool store_filter_passes_client(const struct store_filter *filter, uint64_t conn,
				const struct wire_client *client)
{
	for (size_t i = 0; i < filter->clients.count; i++)
		if (is_client(filter->clients.items[i], conn, client))
			return true;
	return filter->clients.count == 0;
}

bool store_filter_passes_numbers(const struct store_filter *filter, enum wire_event_kind kind,
				 int64_t time_ns, uint64_t size)
{
	return store_filter_passes_kind(filter, kind) && store_filter_times(filter, time_ns, time_ns) &&
	       (size >= filter->min_size || kind == WIRE_EVENT_GAP);
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

/* Compiled code that runs out of stack is interpreted instead, in bounds of its own. */
static bool is_in(const struct greps *greps, const pcre2_code *code, struct wire_slice payload)
{
	PCRE2_SPTR text = (PCRE2_SPTR)(payload.data ? payload.data : "");
	int found = pcre2_match(code, text, payload.len, 0, 0, greps->match, greps->limits);
	if (found == PCRE2_ERROR_JIT_STACKLIMIT)
		found = pcre2_match(code, text, payload.len, 0, PCRE2_NO_JIT, greps->match, greps->limits);
	return found >= 0;
}

static bool passes_greps(const struct greps *greps, struct wire_slice payload)
{
	for (size_t i = 0; i < greps->count; i++)
		if (is_in(greps, greps->codes[i], payload))
			return true;
	return greps->count == 0;
}

bool store_filter_passes_content(const struct store_filter *filter, const struct wire_event *event)
{
	if ((event->flags & WIRE_EVENT_REPEATED) && event->kind == WIRE_EVENT_CONNECT && !filter->has_kinds)
		return false;
	if (event->kind == WIRE_EVENT_GAP || !store_filter_needs_payloads(filter))
		return true;
	return event->kind <= WIRE_EVENT_DELIVERY && passes_headers(filter, event->headers) &&
	       passes_greps(&filter->greps, event->payload);
}

bool store_filter_event(const struct store_filter *filter, const struct wire_event *event,
			const struct wire_client *client)
{
	return store_filter_passes_numbers(filter, event->kind, event->time_ns, event->size) &&
	       (event->kind == WIRE_EVENT_GAP || (store_filter_passes_subject(filter, event->subject) &&
						  store_filter_passes_client(filter, event->conn, client))) &&
	       store_filter_passes_content(filter, event);
}
