#include "cli/options/joining.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "export/text/sizes.h"
#include "store/cluster/membership.h"
#include "store/read/steps.h"

const struct cli_option cli_joining_options[] = {
    {.name = "no-join",
     .kind = CLI_FLAG,
     .help =
	 "read the logs of a cluster apart: do not join deliveries in one with their messages in another"},
    {.name = NULL},
};

/* ---- opening ---- */

/* A log that does not exist yet is of no cluster. */
int cli_joining_find(const struct cli_operands *operands, uint32_t *numbers, struct wire_fault *fault)
{
	memset(numbers, 0, (size_t)operands->len * sizeof *numbers);
	if (operands->len < 2)
		return 0;
	struct store_membership *logs = calloc((size_t)operands->len, sizeof *logs);
	int error = logs ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");

	for (int i = 0; i < operands->len && !error; i++)
		if (!cli_log_is_foreign(operands->values[i]))
			error = store_membership_read(&logs[i], operands->values[i], fault);
	int clusters = error ? error : (int)store_membership_number(logs, (uint32_t)operands->len, numbers);
	free(logs);
	return clusters == -ENOENT ? 0 : clusters;
}

/* Of a cluster, read the period of the filter and a window before and after it, in which the other event of a pair may be. */
static struct store_filter *widen(const struct store_filter *filter)
{
	static const char kinds[] =
	    "message,delivery,connect,disconnect,subscribe,unsubscribe,error,mark,gap";
	struct store_filter *wide = store_filter_open();
	int64_t since_ns = INT64_MIN, until_ns = INT64_MAX;

	if (!wide || store_filter_kinds(wide, kinds, NULL) != 0) {
		store_filter_close(wide);
		return NULL;
	}
	if (filter)
		store_filter_period(filter, &since_ns, &until_ns);
	if (since_ns != INT64_MIN)
		store_filter_since(wide, store_time_minus(since_ns, STORE_CLUSTER_WINDOW_NS));
	if (until_ns != INT64_MAX)
		store_filter_until(wide, store_time_plus(until_ns, STORE_CLUSTER_WINDOW_NS));
	return wide;
}

static int open_clusters(struct store_merge **inputs, const struct cli_operands *operands,
			 const struct store_reader_options *options, const uint32_t *clusters,
			 struct wire_fault *fault)
{
	const struct store_cluster_options joining = {.clusters = clusters,
						      .inputs = (uint32_t)operands->len,
						      .filter = options->filter,
						      .max_bytes = STORE_CLUSTER_BYTES,
						      .reverse = options->reverse,
						      .follow = options->follow};
	struct store_reader_options reading = *options;
	struct store_filter *wide = widen(options->filter);

	if (!wide)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	reading.filter = wide;
	reading.payloads = true;
	if (!reading.last_of)
		reading.last_of = options->filter;
	int error = cli_inputs_open(inputs, operands, &reading, fault);
	if (error) {
		store_filter_close(wide);
		return error;
	}
	store_merge_keep(*inputs, wide);
	error = store_merge_join(*inputs, &joining);
	if (error) {
		store_merge_close(*inputs);
		*inputs = NULL;
		wire_fault_set(fault, error, "out of memory");
	}
	return error;
}

int cli_joining_open(struct store_merge **inputs, const struct cli_operands *operands,
		     const struct store_reader_options *options, bool no_join, struct wire_fault *fault)
{
	if (no_join || operands->len < 2)
		return cli_inputs_open(inputs, operands, options, fault);
	uint32_t *clusters = calloc((size_t)operands->len, sizeof *clusters);
	int count = clusters ? cli_joining_find(operands, clusters, fault)
			     : wire_fault_set(fault, -ENOMEM, "out of memory");
	if (count > 0)
		count = open_clusters(inputs, operands, options, clusters, fault);
	else if (count == 0)
		count = cli_inputs_open(inputs, operands, options, fault);
	free(clusters);
	return count;
}

/* ---- reporting ---- */

static void add_reason(char *text, size_t size, uint64_t count, const char *why)
{
	char number[EXPORT_SIZE_TEXT];
	size_t len = strlen(text);

	if (count > 0)
		snprintf(text + len, size - len, "%s%s %s", len > 0 ? ", " : "",
			 export_count_text(number, count), why);
}

static void report_counts(const struct cli_command *command, const struct store_cluster *cluster)
{
	struct store_cluster_stats stats;
	char joined[EXPORT_SIZE_TEXT], early[EXPORT_SIZE_TEXT], reasons[300] = "";

	store_cluster_stats(cluster, &stats);
	add_reason(reasons, sizeof(reasons), stats.unpublished, "without a message in these logs");
	add_reason(reasons, sizeof(reasons), stats.undecided, "that may belong to one of several messages");
	add_reason(reasons, sizeof(reasons), stats.shortened, "recorded in part or masked");
	cli_error(command, "the logs are of one cluster: %s deliver%s joined their messages%s%s",
		  export_count_text(joined, stats.joined), stats.joined == 1 ? "y" : "ies",
		  reasons[0] ? "; not joined: " : "", reasons);
	if (stats.early > 0)
		cli_error(command,
			  "%s events were joined with less than 3 s of the other logs, for lack of memory",
			  export_count_text(early, stats.early));
}

static void report_clock(const struct cli_command *command, const struct store_cluster *cluster,
			 const struct cli_operands *operands, int log)
{
	char ahead[EXPORT_SIZE_TEXT], error[EXPORT_SIZE_TEXT];
	int64_t error_ns, ahead_ns = store_cluster_ahead(cluster, (uint32_t)log);

	if (!store_cluster_clock_differs(cluster, (uint32_t)log, &error_ns) || ahead_ns == 0)
		return;
	const char *which = ahead_ns < 0 ? "behind" : "ahead of";
	export_span_text(ahead, ahead_ns < 0 ? -ahead_ns : ahead_ns);
	if (error_ns == INT64_MAX)
		cli_error(command, "the clock of \"%s\" is at least %s %s that of \"%s\"",
			  operands->values[log], ahead, which, operands->values[0]);
	else
		cli_error(command, "the clock of \"%s\" is about %s %s that of \"%s\", +-%s",
			  operands->values[log], ahead, which, operands->values[0],
			  export_span_text(error, error_ns));
}

void cli_joining_report(const struct cli_command *command, const struct store_merge *inputs,
			const struct cli_operands *operands)
{
	const struct store_cluster *cluster = inputs ? store_merge_cluster(inputs) : NULL;

	if (!cluster)
		return;
	report_counts(command, cluster);
	for (int i = 1; i < operands->len; i++)
		report_clock(command, cluster, operands, i);
}
