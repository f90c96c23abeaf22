#include "cli/replay_input.h"

#include <errno.h>
#include <stdio.h>

#include "store/merge.h"

static int open_logs(const struct cli_replay_input *input, bool reverse, bool payloads,
		     struct store_merge **logs, struct wire_fault *fault)
{
	const struct store_reader_options options = {
	    .filter = input->filter, .reverse = reverse, .payloads = payloads};
	struct store_merge *merge = store_merge_open(reverse);
	int error = merge ? 0 : wire_fault_set(fault, -ENOMEM, "out of memory");

	for (int i = 0; i < input->logs.len && !error; i++)
		error = store_merge_add_log(merge, input->logs.values[i], &options, fault);
	if (error)
		store_merge_close(merge);
	else
		*logs = merge;
	return error;
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

/* The first message in one direction. */
static int find_message(const struct cli_replay_input *input, bool reverse, int64_t *ns,
			struct wire_fault *fault)
{
	struct store_merge *logs;
	struct wire_event event;
	int status = open_logs(input, reverse, store_filter_needs_payloads(input->filter), &logs, fault);

	if (status < 0)
		return status;
	do
		status = store_merge_next(logs, &event, fault);
	while (status > 0 && event.kind != WIRE_EVENT_MESSAGE);
	if (status > 0)
		*ns = event.time_ns;
	store_merge_close(logs);
	return status;
}

int cli_replay_input_span(struct cli_replay_input *input, int64_t *first_ns, int64_t *last_ns,
			  struct wire_fault *fault)
{
	int status = find_message(input, false, first_ns, fault);

	return status > 0 ? find_message(input, true, last_ns, fault) : status;
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
