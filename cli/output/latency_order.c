#include "cli/output/latency_order.h"

#include <errno.h>
#include <stdlib.h>

static struct wire_slice name_of(const struct cli_latency_view *view, enum cli_latency_names names,
				 uint32_t number)
{
	return names == CLI_NAMES_OF_SUBJECTS ? trace_names_text(&view->result->subjects, number)
					      : trace_clients_service_name(view->clients, number);
}

/* The number that a row is sorted by, the largest first. */
static uint64_t rank(enum cli_latency_sort sort, const struct trace_latency_row *row)
{
	const struct trace_histogram *latency = &row->latency;
	switch (sort) {
	case CLI_LATENCY_BY_P50: return (uint64_t)trace_histogram_percentile(latency, 50);
	case CLI_LATENCY_BY_P90: return (uint64_t)trace_histogram_percentile(latency, 90);
	case CLI_LATENCY_BY_P99: return (uint64_t)trace_histogram_percentile(latency, 99);
	case CLI_LATENCY_BY_MAX: return latency->count > 0 ? (uint64_t)latency->max_ns : 0;
	case CLI_LATENCY_BY_UNANSWERED: return row->unanswered;
	case CLI_LATENCY_BY_NAME: return 0;
	case CLI_LATENCY_BY_COUNT:
	case CLI_LATENCY_BY_TIME: break;
	}
	return row->count;
}

static int compare(const void *a, const void *b)
{
	const struct cli_latency_entry *x = a, *y = b;
	size_t common = x->name.len < y->name.len ? x->name.len : y->name.len;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	int order = common > 0 ? memcmp(x->name.data, y->name.data, common) : 0;
	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void add(struct cli_latency_order *order, enum cli_latency_sort sort, struct wire_slice name,
		uint32_t number, const struct trace_latency_row *row)
{
	if (row && row->count > 0)
		order->list[order->len++] = (struct cli_latency_entry){
		    .name = name, .number = number, .row = row, .rank = rank(sort, row)};
}

int cli_latency_order_init(struct cli_latency_order *order, const struct cli_latency_view *view,
			   const struct trace_latency_rows *rows, enum cli_latency_names names)
{
	*order = (struct cli_latency_order){.list = malloc((rows->cap + 1) * sizeof *order->list)};
	if (!order->list)
		return -ENOMEM;
	for (uint32_t i = 0; i < rows->cap; i++)
		if (rows->list[i])
			add(order, view->sort, name_of(view, names, i), i, rows->list[i]);
	uint32_t others =
	    names == CLI_NAMES_OF_SUBJECTS ? view->result->subject_others : TRACE_SERVICE_OTHERS;
	add(order, view->sort, name_of(view, names, others), others, &rows->others);
	if (order->len > 0)
		qsort(order->list, order->len, sizeof *order->list, compare);
	return 0;
}

void cli_latency_order_fini(struct cli_latency_order *order)
{
	free(order->list);
	*order = (struct cli_latency_order){0};
}
