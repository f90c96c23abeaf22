#include "cli/commands/replay_input.h"

#include <string.h>
#include <sys/stat.h>

#include "cli/options/inputs.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "store/read/log_steps.h"
#include "wire/mark.h"

static int open_all(const struct cli_replay_input *input, bool reverse, bool payloads,
		    struct store_merge **inputs, struct wire_fault *fault)
{
	const struct store_reader_options options = {.filter = input->filter,
						     .reverse = reverse,
						     .payloads = payloads,
						     .in_time_order = true,
						     .steady = true};

	return cli_joining_open(inputs, &input->logs, &options, input->no_join, fault);
}

static int find_steps(struct cli_replay_input *input, const char *log, struct wire_fault *fault)
{
	struct store_steps steps = {0};
	int error = store_log_steps_read(&steps, NULL, log, fault);

	input->has_steps |= steps.count > 0;
	store_steps_fini(&steps);
	return error;
}

static bool is_pipe(const char *path)
{
	struct stat found;

	return strcmp(path, "-") == 0 ||
	       (stat(path, &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode));
}

int cli_replay_input_inspect(struct cli_replay_input *input, struct wire_fault *fault)
{
	int error = 0;

	for (int i = 0; i < input->logs.len && !error; i++) {
		const char *path = input->logs.values[i];
		bool is_capture = cli_log_is_foreign(path);

		input->has_captures |= is_capture;
		input->has_steps |= is_capture;
		input->once |= is_pipe(path);
		if (!is_capture)
			error = find_steps(input, path, fault);
	}
	return error;
}

int cli_replay_input_open(void *context, int64_t since_ns, struct wire_source **source,
			  struct wire_fault *fault)
{
	struct cli_replay_input *input = context;

	if (since_ns < input->from_ns || input->has_steps)
		since_ns = input->from_ns;
	store_filter_since(input->filter, since_ns);
	int error = open_all(input, false, input->payloads, &input->open, fault);
	if (!error)
		*source = store_merge_source(input->open);
	return error;
}

void cli_replay_input_close(void *context, struct wire_source *source)
{
	struct cli_replay_input *input = context;

	(void)source;
	store_merge_close(input->closed);
	input->closed = input->open;
	input->open = NULL;
}

void cli_replay_input_fini(struct cli_replay_input *input)
{
	store_merge_close(input->closed);
	input->closed = NULL;
}

/* Read the first message, or in reverse the last. */
static int find_message(const struct cli_replay_input *input, bool reverse, struct wire_event *event,
			struct wire_fault *fault)
{
	struct store_merge *inputs;
	int status = open_all(input, reverse, store_filter_needs_payloads(input->filter), &inputs, fault);

	if (status < 0)
		return status;
	do
		status = store_merge_next(inputs, event, fault);
	while (status > 0 && (event->kind != WIRE_EVENT_MESSAGE || !replay_range_holds(input->range, event)));
	store_merge_close(inputs);
	return status;
}

int cli_replay_input_span(const struct cli_replay_input *input, struct cli_replay_span *span,
			  struct wire_fault *fault)
{
	struct wire_event event;

	*span = (struct cli_replay_span){INT64_MIN, INT64_MAX, INT64_MIN};
	if (input->once)
		return 1;
	int status = find_message(input, false, &event, fault);
	if (status <= 0)
		return status;
	span->first_ns = event.steady_ns;
	span->first_time_ns = event.time_ns;
	if (input->has_captures)
		return status;
	status = find_message(input, true, &event, fault);
	span->last_ns = status > 0 ? event.steady_ns : INT64_MAX;
	return status;
}

/* ---- which server ---- */

static int open_marks(const char *path, const struct store_filter *marks, struct wire_source **source)
{
	const struct cli_capture_options capture = {.filter = marks, .names_servers = true};
	const struct store_reader_options options = {.filter = marks};
	struct store_reader *reader;

	if (cli_log_is_foreign(path))
		return cli_inputs_open_foreign(source, path, &capture, NULL);
	int error = store_reader_open(&reader, path, &options, NULL);
	if (error == 0)
		*source = store_reader_source(reader);
	return error;
}

static bool has_mark(const char *path, const struct store_filter *marks, const char *text)
{
	struct wire_source *source;
	struct wire_event event;
	bool is_found = false;

	if (open_marks(path, marks, &source) != 0)
		return false;
	while (!is_found && source->next(source, &event, NULL) > 0)
		is_found = wire_slice_equal(event.text, wire_slice_str(text));
	source->close(source);
	return is_found;
}

bool cli_replay_input_is_of(const struct cli_replay_input *input, const char *server_id)
{
	struct store_filter *marks = store_filter_open();
	char text[WIRE_MARK_TEXT];
	bool is_found = false;

	wire_mark_server(text, server_id);
	if (marks && store_filter_kinds(marks, "mark", NULL) == 0)
		for (int i = 0; i < input->logs.len && !is_found; i++)
			is_found =
			    !is_pipe(input->logs.values[i]) && has_mark(input->logs.values[i], marks, text);
	store_filter_close(marks);
	return is_found;
}
