#include "trace/latency_rows.h"

#include <stdlib.h>
#include <string.h>

void trace_latency_row_fini(struct trace_latency_row *row)
{
	trace_histogram_fini(&row->latency);
	trace_histogram_fini(&row->last);
	trace_histogram_fini(&row->service);
	trace_histogram_fini(&row->bus);
	trace_examples_fini(&row->slowest);
}

void trace_latency_rows_init(struct trace_latency_rows *rows, struct trace_memory *memory,
			     uint32_t others_number)
{
	*rows = (struct trace_latency_rows){.memory = memory, .others_number = others_number};
	rows->others.is_unbounded = true;
	trace_examples_init(&rows->others.slowest, TRACE_LATENCY_EXAMPLES);
}

void trace_latency_rows_fini(struct trace_latency_rows *rows)
{
	for (uint32_t i = 0; i < rows->cap; i++) {
		if (rows->list[i])
			trace_latency_row_fini(rows->list[i]);
		free(rows->list[i]);
	}
	free(rows->list);
	trace_latency_row_fini(&rows->others);
	*rows = (struct trace_latency_rows){0};
}

void trace_latency_rows_sort(struct trace_latency_rows *rows)
{
	for (uint32_t i = 0; i < rows->cap; i++)
		if (rows->list[i])
			trace_examples_sort(&rows->list[i]->slowest);
	trace_examples_sort(&rows->others.slowest);
}

/* Make room in the list for a row of this number. */
static bool reserve(struct trace_latency_rows *rows, uint32_t number)
{
	uint32_t cap = rows->cap ? rows->cap : 64;
	while (cap <= number && cap < UINT32_MAX / 2)
		cap *= 2;
	if (cap <= number || !trace_memory_take(rows->memory, (cap - rows->cap) * sizeof *rows->list))
		return false;
	struct trace_latency_row **list = realloc(rows->list, cap * sizeof(struct trace_latency_row *));
	if (!list)
		return false;
	memset(list + rows->cap, 0, (cap - rows->cap) * sizeof(struct trace_latency_row *));
	rows->list = list;
	rows->cap = cap;
	return true;
}

static struct trace_latency_row *add(struct trace_latency_rows *rows, uint32_t number)
{
	struct trace_latency_row *row = NULL;
	if ((number < rows->cap || reserve(rows, number)) &&
	    trace_memory_take(rows->memory, TRACE_LATENCY_ROW_BYTES))
		row = calloc(1, sizeof *row);
	if (!row)
		return &rows->others;
	trace_examples_init(&row->slowest, TRACE_LATENCY_EXAMPLES);
	return rows->list[number] = row;
}

struct trace_latency_row *trace_latency_rows_at(struct trace_latency_rows *rows, uint32_t number)
{
	if (number < rows->cap && rows->list[number])
		return rows->list[number];
	return number == rows->others_number ? &rows->others : add(rows, number);
}

void trace_latency_count(const struct trace_latency_row *row, struct trace_histogram *histogram, int64_t ns,
			 struct trace_memory *memory)
{
	size_t growth = trace_histogram_growth(histogram, ns);
	bool has_room = growth == 0 || row->is_unbounded || trace_memory_take(memory, growth);
	if (has_room && trace_histogram_add(histogram, ns) != 0) {
		memory->refused++;
		has_room = false;
	}
	if (!has_room)
		trace_histogram_skip(histogram, ns);
}

static void count_known(const struct trace_latency_row *row, struct trace_histogram *histogram, int64_t ns,
			struct trace_memory *memory)
{
	if (ns != TRACE_LATENCY_UNKNOWN)
		trace_latency_count(row, histogram, ns, memory);
}

static void add_answered(struct trace_latency_row *row, const struct trace_latency_outcome *outcome,
			 struct trace_memory *memory)
{
	row->answered++;
	row->several_replies += outcome->replies > 1;
	row->several_responders += outcome->several_responders;
	count_known(row, &row->latency, outcome->request.latency_ns, memory);
	count_known(row, &row->last, outcome->last_ns, memory);
	count_known(row, &row->service, outcome->service_ns, memory);
	count_known(row, &row->bus, outcome->bus_ns, memory);
	if (outcome->request.latency_ns != TRACE_LATENCY_UNKNOWN &&
	    trace_examples_add(&row->slowest, &outcome->request) != 0)
		memory->refused++;
}

static void add_unanswered(struct trace_latency_row *row, const struct trace_latency_outcome *outcome)
{
	row->unanswered++;
	row->at_end += outcome->is_at_end;
	row->at_gap += outcome->is_at_gap;
	row->evicted += outcome->is_evicted;
	row->superseded += outcome->is_superseded;
	row->undelivered += outcome->is_undelivered;
}

void trace_latency_row_add(struct trace_latency_row *row, const struct trace_latency_outcome *outcome,
			   struct trace_memory *memory)
{
	row->count++;
	if (outcome->replies > 0)
		add_answered(row, outcome, memory);
	else if (outcome->no_responders)
		row->no_responders++;
	else
		add_unanswered(row, outcome);
}
