#include "export/graph/busiest.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/inbox.h"

static bool is_drawable(const struct trace_graph_result *result, uint32_t subject)
{
	const struct trace_graph_subject *counts = &result->by_subject[subject];

	return counts->messages + counts->deliveries > 0 &&
	       !trace_has_inbox_prefix(trace_names_text(&result->subjects, subject));
}

static int choose(struct export_graph_busiest *busiest, const struct export_graph_view *view)
{
	const struct trace_graph_result *result = view->result;
	struct export_graph_order order = {0};
	uint64_t drawn = 0;
	int error = export_graph_subjects(&order, result);

	for (uint32_t i = 0; i < order.len && drawn < view->limit; i++)
		if (is_drawable(result, order.list[i])) {
			busiest->is_drawn[order.list[i]] = true;
			drawn++;
		}
	export_graph_order_fini(&order);
	return error;
}

int export_graph_busiest_init(struct export_graph_busiest *busiest, const struct export_graph_view *view)
{
	const struct trace_graph_result *result = view->result;
	int error = 0;

	*busiest =
	    (struct export_graph_busiest){.is_drawn = calloc((size_t)result->subjects.len + 1, sizeof(bool))};
	if (!busiest->is_drawn)
		return -ENOMEM;
	if (view->limit > 0)
		error = choose(busiest, view);
	for (uint32_t i = 0; i < result->subjects.len && !error; i++)
		if (view->limit == 0)
			busiest->is_drawn[i] = is_drawable(result, i);
		else
			busiest->left_out += is_drawable(result, i) && !busiest->is_drawn[i];
	if (error)
		export_graph_busiest_fini(busiest);
	return error;
}

void export_graph_busiest_fini(struct export_graph_busiest *busiest)
{
	free(busiest->is_drawn);
	busiest->is_drawn = NULL;
}
