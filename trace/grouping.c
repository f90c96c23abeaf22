#include "trace/grouping.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/headers.h"

enum { CLIENTS_BYTES_MAX = 256 << 20, VALUE_MAX = 256, SIZE_NAME = 64 };

int trace_grouping_init(struct trace_grouping *grouping, struct wire_source *source,
			const struct trace_grouping_options *options)
{
	enum trace_service_key key = options->key == TRACE_GROUP_CONN ? TRACE_BY_CONN : TRACE_BY_NAME;
	*grouping = (struct trace_grouping){.options = *options};
	return trace_clients_init(&grouping->clients, source, key, CLIENTS_BYTES_MAX);
}

void trace_grouping_fini(struct trace_grouping *grouping)
{
	store_groups_fini(&grouping->groups);
	trace_clients_fini(&grouping->clients);
}

/* ---- rows ---- */

static uint64_t bytes_of(const struct wire_event *event)
{
	return event->size + event->headers.len;
}

static int count(struct trace_grouping *grouping, struct wire_slice name, const struct wire_event *event)
{
	const struct trace_grouping_options *options = &grouping->options;
	bool is_message = event->kind == WIRE_EVENT_MESSAGE;
	int error = store_groups_add(&grouping->groups, name, 1, is_message ? bytes_of(event) : 0);
	return error || !options->counted ? error : options->counted(options->context, name, event);
}

static struct wire_slice client_name(struct trace_grouping *grouping, uint64_t conn)
{
	uint32_t service = trace_clients_service(&grouping->clients, conn);
	return trace_clients_service_name(&grouping->clients, service);
}

static struct wire_slice queue_name(const struct wire_receiver *receiver)
{
	return receiver->queue.len > 0 ? receiver->queue : WIRE_LITERAL("(no queue group)");
}

static struct wire_slice receiver_name(struct trace_grouping *grouping, const struct wire_receiver *receiver)
{
	return grouping->options.key == TRACE_GROUP_QUEUE ? queue_name(receiver)
							  : client_name(grouping, receiver->conn);
}

static int count_receivers(struct trace_grouping *grouping, const struct wire_event *event)
{
	uint32_t got = 0;
	int error = 0;
	for (uint32_t i = 0; i < event->receivers_len && !error; i++) {
		if (event->receivers[i].outcome != WIRE_SENT)
			continue;
		got++;
		error = count(grouping, receiver_name(grouping, &event->receivers[i]), event);
	}
	if (error)
		return error;
	/* A recording may hold only the number of receivers. */
	if ((event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN) || event->receiver_count > got)
		return count(grouping, WIRE_LITERAL("(unknown)"), event);
	if (got > 0)
		return 0;
	return count(grouping,
		     wire_event_is_unheard(event) ? WIRE_LITERAL("(nobody)") : WIRE_LITERAL("(dropped)"),
		     event);
}

static struct wire_slice header_value(const struct wire_event *event, const char *wanted)
{
	struct wire_headers headers;
	struct wire_slice key, value;
	if (event->headers.len == 0 || !event->headers.data ||
	    wire_headers_open(&headers, event->headers) != 0)
		return WIRE_LITERAL("(none)");
	while (wire_headers_next(&headers, &key, &value) > 0)
		if (wire_headers_key_is(key, wanted))
			return wire_slice(value.data, value.len < VALUE_MAX ? value.len : VALUE_MAX);
	return WIRE_LITERAL("(none)");
}

/* name: SIZE_NAME bytes. */
static struct wire_slice size_name(uint64_t size, char *name)
{
	int bits = size > 0 ? 63 - __builtin_clzll(size) : 0;
	uint64_t from = UINT64_C(1) << bits, to = from + (from - 1);
	int len = size < 2 ? snprintf(name, SIZE_NAME, "%" PRIu64 " B", size)
			   : snprintf(name, SIZE_NAME, "%" PRIu64 " to %" PRIu64 " B", from, to);
	return wire_slice(name, (size_t)len);
}

/* ---- events ---- */

static int count_message(struct trace_grouping *grouping, const struct wire_event *event)
{
	char name[SIZE_NAME];
	switch (grouping->options.key) {
	case TRACE_GROUP_SUBJECT:
		return count(grouping, trace_fold(grouping->options.fold, event->subject), event);
	case TRACE_GROUP_CLIENT:
	case TRACE_GROUP_CONN: return count(grouping, client_name(grouping, event->conn), event);
	case TRACE_GROUP_RECEIVER:
	case TRACE_GROUP_QUEUE: return count_receivers(grouping, event);
	case TRACE_GROUP_HEADER: return count(grouping, header_value(event, grouping->options.header), event);
	case TRACE_GROUP_SIZE: return count(grouping, size_name(event->size, name), event);
	default: return 0;
	}
}

static void note_time(struct trace_grouping *grouping, const struct wire_event *event)
{
	bool is_first = grouping->events++ == 0;
	if (is_first || event->steady_ns < grouping->first_ns) {
		grouping->first_ns = event->steady_ns;
		grouping->first_time_ns = event->time_ns;
	}
	if (is_first || event->steady_ns > grouping->last_ns) {
		grouping->last_ns = event->steady_ns;
		grouping->last_time_ns = event->time_ns;
	}
}

int trace_grouping_add(struct trace_grouping *grouping, const struct wire_event *event)
{
	bool is_message = event->kind == WIRE_EVENT_MESSAGE,
	     by_kind = grouping->options.key == TRACE_GROUP_KIND;
	trace_clients_add(&grouping->clients, event);
	note_time(grouping, event);
	if (!is_message && !by_kind)
		return 0;
	grouping->counted++;
	grouping->bytes += is_message ? bytes_of(event) : 0;
	if (by_kind)
		return count(grouping, wire_slice_str(wire_event_kind_name(event->kind)), event);
	return count_message(grouping, event);
}

static int compare_sizes(const void *a, const void *b)
{
	const struct store_group *x = a, *y = b;
	uint64_t left = strtoull(x->name.data, NULL, 10), right = strtoull(y->name.data, NULL, 10);
	return (left > right) - (left < right);
}

void trace_grouping_end(struct trace_grouping *grouping)
{
	struct store_groups *groups = &grouping->groups;
	if (grouping->options.key == TRACE_GROUP_SIZE && groups->len > 0)
		qsort(groups->list, groups->len, sizeof *groups->list, compare_sizes);
	else
		store_groups_sort(groups);
}
