#include "export/graph/order.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/graph_end.h"

void export_graph_order_fini(struct export_graph_order *order)
{
	free(order->list);
	*order = (struct export_graph_order){0};
}

/* By what a row is sorted; below 0: it is left out. */
typedef double rank(const struct trace_graph_result *result, uint32_t number);

struct ranked {
	double rank;
	uint32_t number;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static int sort(struct export_graph_order *order, const struct trace_graph_result *result, uint32_t len,
		rank *rank_of)
{
	struct ranked *rows = malloc((len + 1) * sizeof *rows);
	*order = (struct export_graph_order){.list = malloc((len + 1) * sizeof *order->list)};
	if (!rows || !order->list) {
		free(rows);
		export_graph_order_fini(order);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < len; i++) {
		double ranked = rank_of(result, i);
		if (ranked >= 0)
			rows[order->len++] = (struct ranked){ranked, i};
	}
	qsort(rows, order->len, sizeof *rows, compare);
	for (uint32_t i = 0; i < order->len; i++)
		order->list[i] = rows[i].number;
	free(rows);
	return 0;
}

static double edge_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_edge *edge = trace_pairs_value(&result->edges, number);
	return (double)(edge->messages + edge->dropped);
}

int export_graph_edges(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->edges.len, edge_rank);
}

static double published_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_published *published = trace_pairs_value(&result->published, number);
	return published->messages > 0 ? (double)published->messages : -1;
}

int export_graph_published(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->published.len, published_rank);
}

static double subject_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_subject *subject = &result->by_subject[number];
	return subject->messages + subject->deliveries > 0 ? (double)subject->messages : -1;
}

int export_graph_subjects(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->subjects.len, subject_rank);
}

static double unheard_rank(const struct trace_graph_result *result, uint32_t number)
{
	uint64_t unheard = result->by_subject[number].unheard;
	return unheard > 0 ? (double)unheard : -1;
}

int export_graph_unheard(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->subjects.len, unheard_rank);
}

static double fan_out_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_subject *subject = &result->by_subject[number];
	return subject->most_deliveries > 1 && subject->messages > 0
		   ? (double)subject->deliveries / (double)subject->messages
		   : -1;
}

int export_graph_fan_out(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->subjects.len, fan_out_rank);
}

static double unfed_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_subscribed *subscribed = trace_pairs_value(&result->subscribed, number);
	return trace_graph_is_unfed(result, number) ? (double)subscribed->made : -1;
}

int export_graph_unfed(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->subscribed.len, unfed_rank);
}

/* ---- queue groups ---- */

double export_graph_imbalance(const struct trace_graph_result *result, uint32_t group)
{
	const struct trace_graph_interest *interest = trace_pairs_value(&result->interests, group);
	return interest->deliveries > 0
		   ? (double)interest->most * interest->members / (double)interest->deliveries
		   : 0;
}

static double group_rank(const struct trace_graph_result *result, uint32_t number)
{
	const struct trace_graph_interest *interest = trace_pairs_value(&result->interests, number);
	bool is_shown =
	    result->interests.keys[number].b != 0 && (interest->is_asked_for || interest->deliveries > 0);
	return is_shown ? export_graph_imbalance(result, number) : -1;
}

int export_graph_groups(struct export_graph_order *order, const struct trace_graph_result *result)
{
	return sort(order, result, result->interests.len, group_rank);
}

struct wire_slice export_graph_interest_subject(const struct trace_graph_result *result, uint32_t interest)
{
	return trace_names_text(&result->subjects, result->interests.keys[interest].a);
}

struct wire_slice export_graph_interest_queue(const struct trace_graph_result *result, uint32_t interest)
{
	return trace_names_text(&result->queues, result->interests.keys[interest].b);
}
