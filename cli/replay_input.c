#include "cli/replay_input.h"

#include <errno.h>

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
