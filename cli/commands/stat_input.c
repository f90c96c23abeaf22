#include "cli/commands/stat_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options/inputs.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "store/read/log.h"
#include "wire/mark.h"

/* ---- which logs are one input ---- */

void cli_stat_input_single(struct cli_stat_input *input, char **path)
{
	*input = (struct cli_stat_input){.logs = {.values = path, .len = 1}};
	snprintf(input->name, sizeof(input->name), "%s", *path);
}

static void add_path(struct cli_stat_input *input, char *path)
{
	size_t len = strlen(input->name);

	input->logs.values[input->logs.len++] = path;
	snprintf(input->name + len, sizeof(input->name) - len, "%s%s", len > 0 ? ", " : "", path);
}

/* clusters: of each log, the number of its cluster; 0 = none. */
static void divide(struct cli_stat_inputs *inputs, const struct cli_operands *logs, const uint32_t *clusters)
{
	char **paths = inputs->paths;

	for (int i = 0; i < logs->len; i++) {
		bool is_listed = false;

		for (int j = 0; j < i && clusters[i] > 0; j++)
			is_listed = is_listed || clusters[j] == clusters[i];
		if (is_listed)
			continue;
		struct cli_stat_input *input = &inputs->list[inputs->firsts.len];
		inputs->firsts.values[inputs->firsts.len++] = logs->values[i];
		input->logs.values = paths;
		for (int j = i; j < logs->len; j++)
			if (j == i || (clusters[i] > 0 && clusters[j] == clusters[i]))
				add_path(input, logs->values[j]);
		paths += input->logs.len;
	}
}

int cli_stat_inputs_open(struct cli_stat_inputs *inputs, const struct cli_operands *logs, bool no_join,
			 struct wire_fault *fault)
{
	uint32_t *clusters = calloc((size_t)logs->len, sizeof *clusters);
	int status = -ENOMEM;

	*inputs = (struct cli_stat_inputs){
	    .list = calloc((size_t)logs->len, sizeof *inputs->list),
	    .firsts = {.values = calloc((size_t)logs->len, sizeof *inputs->firsts.values)},
	    .paths = calloc((size_t)logs->len, sizeof *inputs->paths)};
	if (clusters && inputs->list && inputs->firsts.values && inputs->paths)
		status = no_join ? 0 : cli_joining_find(logs, clusters, fault);
	else
		wire_fault_set(fault, status, "out of memory");
	if (status >= 0)
		divide(inputs, logs, clusters);
	else
		cli_stat_inputs_close(inputs);
	free(clusters);
	return status < 0 ? status : 0;
}

void cli_stat_inputs_close(struct cli_stat_inputs *inputs)
{
	free(inputs->list);
	free(inputs->firsts.values);
	free(inputs->paths);
	*inputs = (struct cli_stat_inputs){0};
}

/* ---- one input ---- */

bool cli_stat_input_is_cluster(const struct cli_stat_input *input)
{
	return input->logs.len > 1;
}

bool cli_stat_input_is_capture(const struct cli_stat_input *input)
{
	return !cli_stat_input_is_cluster(input) && cli_log_is_foreign(input->logs.values[0]);
}

const char *cli_stat_input_path(const struct cli_stat_input *input)
{
	return cli_stat_input_is_cluster(input) ? NULL : input->logs.values[0];
}

static int open_cluster(struct cli_stat_session *session, const struct cli_stat_input *input,
			const struct store_reader_options *options, struct wire_source **source,
			struct wire_fault *fault)
{
	int error = cli_joining_open(&session->cluster, &input->logs, options, false, fault);

	if (error == 0)
		*source = store_merge_source(session->cluster);
	return error;
}

int cli_stat_input_read(struct cli_stat_session *session, const struct cli_stat_input *input,
			const struct store_filter *filter, struct wire_source **source,
			struct wire_fault *fault)
{
	const struct cli_capture_options capture = {.filter = filter,
						    .progress = &session->screen.progress.base};
	const struct store_reader_options options = {.filter = filter,
						     .payloads =
							 session->settings->by.key == TRACE_GROUP_HEADER,
						     .steady = true,
						     .progress = &session->screen.progress.base};
	struct store_reader *reader;

	if (cli_stat_input_is_capture(input))
		return cli_inputs_open_foreign(source, input->logs.values[0], &capture, fault);
	if (cli_stat_input_is_cluster(input))
		return open_cluster(session, input, &options, source, fault);
	int error = store_reader_open(&reader, input->logs.values[0], &options, fault);
	if (error == 0)
		*source = store_reader_source(reader);
	return error;
}

void cli_stat_input_end(struct cli_stat_session *session, const struct cli_stat_input *input,
			struct wire_source *source)
{
	if (session->cluster && !session->is_joining_reported && !session->settings->quiet) {
		cli_progress_yield(&session->screen.progress);
		cli_joining_report(session->command, session->cluster, &input->logs);
	}
	session->is_joining_reported = session->cluster;
	session->cluster = NULL;
	source->close(source);
}

/* Where clocks differ, none was set. */
static void unify_clock(struct wire_event *event)
{
	int64_t by_ns;

	event->time_ns = event->steady_ns;
	if (event->kind == WIRE_EVENT_MARK && wire_mark_is_step(event->text, &by_ns))
		event->text = (struct wire_slice){0};
}

int cli_stat_unify(struct cli_stat_unified *unified, struct wire_source *source, struct wire_event *event)
{
	const uint32_t len = event->receivers ? event->receivers_len : 0;

	unify_clock(event);
	event->conn = wire_source_conn(source, event->conn);
	if (len > unified->cap) {
		void *more = realloc(unified->receivers, len * sizeof *unified->receivers);

		if (!more)
			return -ENOMEM;
		unified->receivers = more;
		unified->cap = len;
	}
	for (uint32_t i = 0; i < len; i++) {
		unified->receivers[i] = event->receivers[i];
		unified->receivers[i].conn = wire_source_conn(source, event->receivers[i].conn);
	}
	if (len > 0)
		event->receivers = unified->receivers;
	return 0;
}

void cli_stat_unified_fini(struct cli_stat_unified *unified)
{
	free(unified->receivers);
}

uint64_t cli_stat_input_bytes(const struct cli_stat_input *input)
{
	struct store_log_segments segments;
	struct stat file;
	uint64_t bytes = 0;

	for (int i = 0; i < input->logs.len; i++) {
		const char *path = input->logs.values[i];

		if (stat(path, &file) == 0 && S_ISREG(file.st_mode)) {
			bytes += (uint64_t)file.st_size;
		} else if (store_log_list(&segments, path, NULL) == 0) {
			for (size_t j = 0; j < segments.count; j++)
				bytes += segments.list[j].bytes;
			store_log_segments_fini(&segments);
		}
	}
	return bytes;
}

int cli_stat_input_uptime(const struct cli_stat_input *input, struct store_uptime *uptime,
			  struct wire_fault *fault)
{
	return cli_inputs_uptime(uptime, &input->logs, CLI_STEADY_CLOCK, fault);
}
