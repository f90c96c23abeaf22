#include "cli/commands/trace_points.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/find_bytes.h"
#include "store/read/locate.h"
#include "store/read/steps.h"
#include "trace/content.h"

void cli_trace_points_fini(struct cli_trace_points *points)
{
	free(points->list);
	free(points->hashes);
	*points = (struct cli_trace_points){0};
}

static int add(struct cli_trace_points *points, const struct cli_trace_point *point)
{
	if (points->count == points->cap) {
		size_t cap = points->cap ? points->cap * 2 : 16;
		struct cli_trace_point *list = realloc(points->list, cap * sizeof *list);
		if (!list)
			return -ENOMEM;
		points->list = list;
		points->cap = cap;
	}
	points->list[points->count++] = *point;
	return 0;
}

static void note_rate(struct cli_trace_points *points, const struct store_location *location)
{
	double seconds = (double)store_time_minus(location->latest_ns, location->earliest_ns) / 1e9;
	if (points->count == 0 && seconds > 0 && location->events >= STORE_LOCATION_EVENTS)
		points->events_per_second += (double)location->events / seconds;
}

/* 0, or a negative code with *fault. */
static int add_located(struct cli_trace_points *points, const struct store_location *location,
		       const struct cli_trace_point *point, struct wire_fault *fault)
{
	if (location->kind != WIRE_EVENT_MESSAGE && location->kind != WIRE_EVENT_DELIVERY) {
		points->has_other = true;
		points->other = *point;
		points->other_kind = location->kind;
		return 0;
	}
	note_rate(points, location);
	return add(points, point) == 0 ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

int cli_trace_points_seq(struct cli_trace_points *points, const struct cli_operands *logs,
			 const struct cli_trace_seq *seq, struct wire_fault *fault)
{
	int status = 0;
	for (int i = 0; i < logs->len && status >= 0; i++) {
		struct store_location location;
		if (seq->input != CLI_TRACE_ANY_INPUT && seq->input != (uint32_t)i)
			continue;
		status = store_locate(&location, logs->values[i], seq->seq, &points->damage, fault);
		const struct cli_trace_point point = {
		    .time_ns = status > 0 ? location.time_ns : 0, .seq = seq->seq, .input = (uint32_t)i};
		if (status > 0)
			status = add_located(points, &location, &point, fault);
	}
	return status < 0 ? status : 0;
}

static bool holds_any(const struct wire_event *event, const struct cli_list *values)
{
	for (size_t i = 0; i < values->len; i++)
		if (trace_message_holds(event, wire_slice_str(values->values[i])))
			return true;
	return false;
}

/* 0, or a negative code with *fault. */
static int add_found(struct cli_trace_points *points, const char *log, const struct cli_trace_point *point,
		     struct wire_fault *fault)
{
	struct store_location location;
	struct wire_damage damage = {0};
	int status = points->count == 0 ? store_locate(&location, log, point->seq, &damage, fault) : 0;
	if (status > 0)
		note_rate(points, &location);
	return status < 0                ? status
	       : add(points, point) == 0 ? 0
					 : wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* The search for values in one log. */
struct value_search {
	struct cli_trace_points *points;
	const char *log;
	uint32_t input;
	const struct cli_list *values;
};

static int check_event(void *context, const struct wire_event *event, struct wire_fault *fault)
{
	struct value_search *search = context;
	struct cli_trace_points *points = search->points;
	if ((event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY) ||
	    !holds_any(event, search->values))
		return 0;
	const struct cli_trace_point point = {
	    .time_ns = event->time_ns, .seq = event->seq, .input = search->input};
	points->is_full = points->count == CLI_TRACE_POINTS_MAX;
	return points->is_full ? 1 : add_found(points, search->log, &point, fault);
}

int cli_trace_points_ids(struct cli_trace_points *points, const struct cli_operands *logs,
			 const struct cli_list *values, struct wire_progress *progress,
			 struct wire_fault *fault)
{
	struct wire_slice *slices = calloc(values->len, sizeof *slices);
	int error = slices ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");
	for (size_t i = 0; slices && i < values->len; i++)
		slices[i] = wire_slice_str(values->values[i]);
	for (int i = 0; i < logs->len && !error; i++) {
		struct value_search search = {
		    .points = points, .log = logs->values[i], .input = (uint32_t)i, .values = values};
		const struct store_find_bytes find = {.values = slices,
						      .count = values->len,
						      .event = check_event,
						      .context = &search,
						      .progress = progress};
		error = store_find_bytes(&find, logs->values[i], &points->damage, fault);
	}
	free(slices);
	return error;
}

static int by_time(const void *a, const void *b)
{
	const struct cli_trace_point *x = a, *y = b;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

static uint64_t hash_of(uint32_t input, uint64_t seq)
{
	return seq ^ (uint64_t)input << 48;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

int cli_trace_points_sort(struct cli_trace_points *points)
{
	if (points->count == 0)
		return 0;
	uint64_t *hashes = realloc(points->hashes, points->count * sizeof *hashes);
	if (!hashes)
		return -ENOMEM;
	points->hashes = hashes;
	for (size_t i = 0; i < points->count; i++)
		hashes[i] = hash_of(points->list[i].input, points->list[i].seq);
	qsort(points->list, points->count, sizeof *points->list, by_time);
	qsort(hashes, points->count, sizeof *hashes, by_value);
	return 0;
}

bool cli_trace_points_hold(const struct cli_trace_points *points, uint32_t input, uint64_t seq)
{
	const uint64_t hash = hash_of(input, seq);
	return points->count > 0 &&
	       bsearch(&hash, points->hashes, points->count, sizeof hash, by_value) != NULL;
}
