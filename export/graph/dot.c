#include "export/graph/dot.h"

#include <errno.h>
#include <stdlib.h>

#include "export/graph/busiest.h"
#include "export/graph/draw.h"

enum { MEMORY_BYTES = 96 << 20 };

struct dot {
	struct export_writer base;
	struct export_dot_options options;
	struct trace_graph_options graph_options;
	struct trace_graph *graph; /* NULL before the first event */
	struct export_out *out;
	uint64_t subjects_left_out, counts_left_out;
};

static void widen(struct store_period *life, int64_t steady_ns, bool is_first)
{
	if (is_first || steady_ns < life->from_ns)
		life->from_ns = steady_ns;
	if (is_first || steady_ns > life->to_ns)
		life->to_ns = steady_ns;
}

static int put(struct export_writer *writer, const struct wire_event *event, const struct export_input *input,
	       struct wire_fault *fault)
{
	struct dot *dot = (struct dot *)writer;
	const bool is_first = !dot->graph;

	if (is_first)
		dot->graph = trace_graph_open(input->source, &dot->graph_options);
	widen(&dot->options.uptime.life, event->steady_ns, is_first);
	if (!dot->graph || trace_graph_add(dot->graph, event) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return 0;
}

static int draw(struct dot *dot)
{
	const struct export_graph_view view = {.result = trace_graph_end(dot->graph),
					       .clients = trace_graph_clients(dot->graph),
					       .uptime = &dot->options.uptime,
					       .limit = dot->options.subjects_max};
	struct export_graph_busiest busiest;

	if (!view.result || export_graph_busiest_init(&busiest, &view) != 0)
		return -ENOMEM;
	dot->subjects_left_out = busiest.left_out;
	dot->counts_left_out = view.result->left_out;
	export_graph_busiest_fini(&busiest);
	return export_graph_dot(dot->out, &view);
}

static int end(struct export_writer *writer, struct wire_fault *fault)
{
	struct dot *dot = (struct dot *)writer;

	if (!dot->graph)
		export_out_text(dot->out, "digraph services {\n}\n");
	else if (draw(dot) != 0)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return 0;
}

static bool omission(const struct export_writer *writer, size_t index, struct export_omission *omission)
{
	const struct dot *dot = (const struct dot *)writer;
	const struct export_omission omissions[] = {
	    {"subjects with fewer messages than those that are drawn; see --limit and --fold",
	     dot->subjects_left_out},
	    {"counts of services, subjects and arrows for which there was no memory", dot->counts_left_out},
	};

	if (index >= sizeof omissions / sizeof omissions[0])
		return false;
	*omission = omissions[index];
	return true;
}

static void close_writer(struct export_writer *writer)
{
	struct dot *dot = (struct dot *)writer;

	trace_graph_close(dot->graph);
	store_uptime_fini(&dot->options.uptime);
	free(dot);
}

int export_dot_open(struct export_writer **writer, const struct export_dot_options *options,
		    struct export_out *out, struct wire_fault *fault)
{
	struct dot *dot = calloc(1, sizeof *dot);

	if (!dot)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	dot->base =
	    (struct export_writer){.put = put, .end = end, .omission = omission, .close = close_writer};
	dot->options = *options;
	dot->graph_options = (struct trace_graph_options){.memory_bytes = MEMORY_BYTES,
							  .key = options->key,
							  .folds_tokens = options->folds_tokens,
							  .filter = options->filter};
	dot->out = out;
	*writer = &dot->base;
	return 0;
}
