#include "cli/replay_input.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/inputs.h"
#include "cli/logs.h"

static int open_all(const struct cli_replay_input *input, bool reverse, bool payloads,
		    struct store_merge **inputs, struct wire_fault *fault)
{
	const struct store_reader_options options = {
	    .filter = input->filter, .reverse = reverse, .payloads = payloads};

	return cli_inputs_open(inputs, &input->logs, &options, fault);
}

void cli_replay_input_look(struct cli_replay_input *input)
{
	for (int i = 0; i < input->logs.len; i++) {
		struct stat found;
		const char *path = input->logs.values[i];

		input->has_captures |= cli_log_is_capture(path);
		input->once |= strcmp(path, "-") == 0 || (stat(path, &found) == 0 &&
							  !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode));
	}
}

int cli_replay_input_open(void *context, int64_t since_ns, struct wire_source **source,
			  struct wire_fault *fault)
{
	struct cli_replay_input *input = context;
	struct store_merge *inputs;

	if (since_ns < input->from_ns)
		since_ns = input->from_ns;
	store_filter_since(input->filter, since_ns);
	int error = open_all(input, false, input->payloads, &inputs, fault);
	if (!error)
		*source = store_merge_source(inputs);
	return error;
}

/* The first message in one direction. */
static int find_message(const struct cli_replay_input *input, bool reverse, int64_t *ns,
			struct wire_fault *fault)
{
	struct store_merge *inputs;
	struct wire_event event;
	int status = open_all(input, reverse, store_filter_needs_payloads(input->filter), &inputs, fault);

	if (status < 0)
		return status;
	do
		status = store_merge_next(inputs, &event, fault);
	while (status > 0 && event.kind != WIRE_EVENT_MESSAGE);
	if (status > 0)
		*ns = event.time_ns;
	store_merge_close(inputs);
	return status;
}

int cli_replay_input_span(struct cli_replay_input *input, int64_t *first_ns, int64_t *last_ns,
			  struct wire_fault *fault)
{
	*last_ns = INT64_MAX;
	if (input->once) {
		*first_ns = INT64_MIN;
		return 1;
	}
	int status = find_message(input, false, first_ns, fault);
	if (status <= 0 || input->has_captures)
		return status;
	return find_message(input, true, last_ns, fault);
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
			is_found = !cli_log_is_capture(input->logs.values[i]) &&
				   has_mark(input->logs.values[i], marks, text);
	store_filter_close(marks);
	return is_found;
}
