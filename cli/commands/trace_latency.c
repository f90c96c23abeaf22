#include "cli/commands/trace_latency.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/trace_read.h"
#include "cli/options/nothing_matched.h"
#include "cli/options/values.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "cli/output/latency_json.h"
#include "cli/output/latency_text.h"
#include "export/text/sizes.h"

/* Requests that --slow and --unanswered list, and that are listed as the slowest, without -n. */
enum { LISTED = 1000, SLOWEST = 10, LISTED_MAX = 1 << 20 };

#define EVERY_LEAST_NS INT64_C(1000000)

#define AT(member) offsetof(struct cli_trace_latency_settings, member)

static int read_duration(void *member, const char *text, struct wire_fault *fault)
{
	int64_t *ns = member;
	int error = cli_parse_duration_ns(text, ns, fault);

	return error == 0 && *ns == 0 ? wire_fault_set(fault, -EINVAL, "must be more than 0") : error;
}

/* Rows are labelled with milliseconds. */
static int read_interval(void *member, const char *text, struct wire_fault *fault)
{
	int64_t *ns = member;
	int error = cli_parse_duration_ns(text, ns, fault);

	return error == 0 && *ns < EVERY_LEAST_NS
		   ? wire_fault_set(fault, -EINVAL,
				    "must be at least 1ms: rows are labelled with milliseconds")
		   : error;
}

const struct cli_option cli_trace_latency_options[] = {
    {.name = "latency",
     .kind = CLI_FLAG,
     .help = "how long requests take to their first and last reply, by subject, responder and requester",
     .at = AT(is_wanted)},
    {.name = "slow",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "list the requests whose first reply took longer than this, the slowest first, and with "
	     "--latency also print the tables",
     .at = AT(slow_ns),
     .call = read_duration},
    {.name = "unanswered",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "likewise the requests that had no reply for this long; those that had a late one say so",
     .at = AT(unanswered_ns),
     .call = read_duration},
    {.name = "every",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "also print a row for each interval of this length; at least 1ms",
     .at = AT(every_ns),
     .call = read_interval},
    {.name = "sort",
     .kind = CLI_CHOICE,
     .argument = "count|p50|p90|p99|max|unanswered|name|time",
     .help = "sort the tables by this, the largest first (default count); time: the lists of --slow and "
	     "--unanswered by time instead of duration",
     .at = AT(sort)},
    {.name = NULL},
};

static struct trace_latency_options options_of(const struct cli_trace_reading *reading,
					       const struct cli_trace_latency_settings *settings)
{
	const struct cli_trace_settings *common = reading->trace->settings;
	size_t limit = common->limit < LISTED_MAX ? (size_t)common->limit : LISTED_MAX;

	return (struct trace_latency_options){
	    .memory_bytes = (size_t)common->memory_bytes,
	    .key = (enum trace_service_key)common->services.key,
	    .folds_tokens = common->services.fold,
	    .filter = reading->filter,
	    .slow_ns = settings->slow_ns,
	    .unanswered_ns = settings->unanswered_ns,
	    .every_ns = settings->every_ns,
	    .listed_max = limit ? limit : LISTED,
	    .slowest_max = limit ? limit : SLOWEST,
	};
}

static int add_event(void *context, const struct wire_event *event)
{
	return trace_latency_add(context, event);
}

static bool is_waiting(const void *context)
{
	return trace_latency_is_waiting(context);
}

/* Say on stderr when no request is listed, or was found at all. */
static void explain_nothing(const struct cli_trace_reading *reading,
			    const struct trace_latency_result *result,
			    const struct cli_trace_latency_settings *settings)
{
	const struct cli_trace_run *trace = reading->trace;
	char span[EXPORT_SIZE_TEXT];

	if (trace->settings->quiet)
		return;
	if (result->total.count == 0 && reading->filter) {
		cli_explain_nothing(trace->command, "no request passes the filter", &trace->logs,
				    &trace->settings->filters, &trace->subjects);
		return;
	}
	if (settings->slow_ns > 0 && result->slow.seen == 0)
		cli_error(trace->command, "no request took longer than %s",
			  export_span_text(span, settings->slow_ns));
	if (settings->unanswered_ns > 0 && result->unanswered.seen == 0)
		cli_error(trace->command, "no request was without a reply for %s",
			  export_span_text(span, settings->unanswered_ns));
}

static int print(const struct cli_trace_reading *reading, struct trace_latency *latency,
		 const struct trace_latency_options *options,
		 const struct cli_trace_latency_settings *settings)
{
	const struct cli_trace_run *trace = reading->trace;
	struct cli_latency_view view = {
	    .result = trace_latency_end(latency),
	    .clients = trace_latency_clients(latency),
	    .options = options,
	    .logs = (const char *const *)trace->logs.values,
	    .logs_len = trace->logs.len,
	    .uptime = &reading->uptime,
	    .utc = trace->settings->filters.utc,
	    .color = cli_color_wanted((enum cli_color_choice)trace->settings->color, STDOUT_FILENO),
	    .has_tables = settings->is_wanted || settings->every_ns > 0,
	    .sort = (enum cli_latency_sort)settings->sort,
	    .limit = trace->settings->limit};
	struct export_out out;

	if (export_out_init(&out, STDOUT_FILENO) != 0)
		return -ENOMEM;
	cli_screen_attach(trace->screen, &out);
	reading->source->steps(reading->source, &view.steps);
	int error = trace->settings->json ? cli_latency_json(&out, &view) : cli_latency_text(&out, &view);
	int written = export_out_flush(&out);
	cli_screen_end(trace->screen);
	export_out_fini(&out);
	explain_nothing(reading, view.result, settings);
	return error ? error : written;
}

static int analyse(struct cli_trace_reading *reading, const struct cli_trace_latency_settings *settings)
{
	const struct cli_command *command = reading->trace->command;
	const struct trace_latency_options options = options_of(reading, settings);
	struct trace_latency *latency = trace_latency_open(reading->source, &options);
	const struct cli_trace_analysis analysis = {
	    .add = add_event, .is_waiting = is_waiting, .context = latency};

	if (!latency) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	int status = cli_trace_read(reading, &analysis);
	int written = cli_write_status(command, print(reading, latency, &options, settings));
	trace_latency_close(latency);
	return written == CLI_DONE ? status : written;
}

int cli_trace_latency(const struct cli_trace_run *trace, const struct cli_trace_latency_settings *settings)
{
	struct cli_trace_reading reading;
	int status = cli_trace_reading_init(&reading, trace);

	if (status == CLI_GO_ON)
		status = analyse(&reading, settings);
	cli_trace_reading_fini(&reading);
	return status;
}
