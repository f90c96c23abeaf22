#include "cli/replay_input.h"

#include <errno.h>
#include <stdio.h>

#include "cli/inputs.h"
#include "cli/logs.h"

static int open_logs(const struct cli_replay_input *input, bool reverse, bool payloads,
		     struct store_merge **logs, struct wire_fault *fault)
{
	const struct store_reader_options options = {
	    .filter = input->filter, .reverse = reverse, .payloads = payloads};

	return cli_inputs_open(logs, &input->logs, &options, fault);
}

int cli_replay_input_open(void *context, int64_t since_ns, struct wire_source **source,
			  struct wire_fault *fault)
{
	struct cli_replay_input *input = context;
	struct store_merge *logs;

	if (since_ns < input->from_ns)
		since_ns = input->from_ns;
	store_filter_since(input->filter, since_ns);
	int error = open_logs(input, false, input->payloads, &logs, fault);
	if (!error)
		*source = store_merge_source(logs);
	return error;
}

/* The first message in one direction, or the last one. */
static int find_message(const struct cli_replay_input *input, bool reverse, bool is_last, int64_t *ns,
			struct wire_fault *fault)
{
	struct store_merge *logs;
	struct wire_event event;
	bool is_found = false;
	int status = open_logs(input, reverse, store_filter_needs_payloads(input->filter), &logs, fault);

	if (status < 0)
		return status;
	while ((!is_found || is_last) && (status = store_merge_next(logs, &event, fault)) > 0) {
		if (event.kind != WIRE_EVENT_MESSAGE)
			continue;
		*ns = event.time_ns;
		is_found = true;
	}
	store_merge_close(logs);
	return status < 0 ? status : is_found;
}

/* Captures are read in one direction only. */
static bool has_capture(const struct cli_operands *logs)
{
	for (int i = 0; i < logs->len; i++)
		if (cli_log_is_capture(logs->values[i]))
			return true;
	return false;
}

int cli_replay_input_span(struct cli_replay_input *input, int64_t *first_ns, int64_t *last_ns,
			  struct wire_fault *fault)
{
	bool reverse = !has_capture(&input->logs);
	int status = find_message(input, false, false, first_ns, fault);

	return status > 0 ? find_message(input, reverse, !reverse, last_ns, fault) : status;
}

/* The broker marks its id in the log at each start. */
static bool has_mark(const char *log, const struct store_filter *marks, const char *text)
{
	const struct store_reader_options options = {.filter = marks};
	struct store_reader *reader;
	struct wire_event event;
	bool is_found = false;

	if (store_reader_open(&reader, log, &options, NULL) != 0)
		return false;
	while (!is_found && store_reader_next(reader, &event, NULL) > 0)
		is_found = wire_slice_equal(event.text, wire_slice_str(text));
	store_reader_close(reader);
	return is_found;
}

bool cli_replay_input_is_of(const struct cli_replay_input *input, const char *server_id)
{
	struct store_filter *marks = store_filter_open();
	char text[200];
	bool is_found = false;

	snprintf(text, sizeof(text), "server %s", server_id);
	if (marks && store_filter_kinds(marks, "mark", NULL) == 0)
		for (int i = 0; i < input->logs.len && !is_found; i++)
			is_found = has_mark(input->logs.values[i], marks, text);
	store_filter_close(marks);
	return is_found;
}
