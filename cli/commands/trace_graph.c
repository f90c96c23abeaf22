#include "cli/commands/trace_graph.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/trace_read.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/graph_text.h"
#include "export/graph/draw.h"
#include "export/graph/json.h"

#define AT(member) offsetof(struct cli_trace_graph_settings, member)

/* In the order of the words of --format. */
enum format { FORMAT_TABLE, FORMAT_DOT, FORMAT_MERMAID, FORMAT_JSON };

const struct cli_option cli_trace_graph_options[] = {
    {.name = "graph",
     .kind = CLI_FLAG,
     .help = "print which services send which subjects to whom, subjects without receivers, subscriptions "
	     "without messages, queue groups, and fan-out",
     .at = AT(is_wanted)},
    {.name = "format",
     .kind = CLI_CHOICE,
     .argument = "table|dot|mermaid|json",
     .help = "of --graph: tables (default), a drawing for Graphviz or for Mermaid, or the same as --json",
     .at = AT(format)},
    {.name = NULL},
};

static struct trace_graph_options options_of(const struct cli_trace_reading *reading)
{
	const struct cli_trace_settings *common = reading->trace->settings;

	return (struct trace_graph_options){
	    .memory_bytes = (size_t)common->memory_bytes,
	    .key = (enum trace_service_key)common->services.key,
	    .folds_tokens = common->services.fold,
	    .filter = reading->filter,
	};
}

static int add_event(void *context, const struct wire_event *event)
{
	return trace_graph_add(context, event);
}

static int put(struct export_out *out, const struct export_graph_view *view, enum format format)
{
	switch (format) {
	case FORMAT_DOT: return export_graph_dot(out, view);
	case FORMAT_MERMAID: return export_graph_mermaid(out, view);
	case FORMAT_JSON: return export_graph_json(out, view);
	case FORMAT_TABLE: break;
	}
	return cli_graph_text(out, view);
}

static int print(const struct cli_trace_reading *reading, struct trace_graph *graph, enum format format)
{
	const struct cli_trace_run *trace = reading->trace;
	struct export_graph_view view = {
	    .result = trace_graph_end(graph),
	    .clients = trace_graph_clients(graph),
	    .logs = (const char *const *)trace->logs.values,
	    .logs_len = trace->logs.len,
	    .uptime = &reading->uptime,
	    .utc = trace->settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)trace->settings->color, STDOUT_FILENO),
	    .limit = trace->settings->limit};
	struct export_out out;

	if (!view.result || export_out_init(&out, STDOUT_FILENO) != 0)
		return -ENOMEM;
	cli_screen_attach(trace->screen, &out);
	reading->source->steps(reading->source, &view.steps);
	int error = put(&out, &view, format);
	int written = export_out_flush(&out);
	cli_screen_end(trace->screen);
	export_out_fini(&out);
	if (view.result->messages == 0 && reading->filter && !trace->settings->quiet)
		cli_explain_nothing(trace->command, "no message passes the filter", &trace->logs,
				    &trace->settings->filters, &trace->subjects);
	return error ? error : written;
}

static int analyse(struct cli_trace_reading *reading, enum format format)
{
	const struct cli_command *command = reading->trace->command;
	const struct trace_graph_options options = options_of(reading);
	struct trace_graph *graph = trace_graph_open(reading->source, &options);
	const struct cli_trace_analysis analysis = {.add = add_event, .context = graph};

	if (!graph) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	int status = cli_trace_read(reading, &analysis);
	int written = cli_write_status(command, print(reading, graph, format));
	trace_graph_close(graph);
	return written == CLI_DONE ? status : written;
}

int cli_trace_graph(const struct cli_trace_run *trace, const struct cli_trace_graph_settings *settings)
{
	struct cli_trace_reading reading;
	int status = cli_trace_reading_init(&reading, trace);

	if (status == CLI_GO_ON)
		status =
		    analyse(&reading, trace->settings->json ? FORMAT_JSON : (enum format)settings->format);
	cli_trace_reading_fini(&reading);
	return status;
}
