#include "cli/top/messages.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/options/joining.h"
#include "cli/top/deadline.h"

enum { POLL_MS = 50, PAYLOAD_MAX = 1 << 20, TEXT_LINES_MAX = 20000, EVENTS_PER_LOOK = 64 };

static const struct wire_client *find_client(const void *context, uint64_t conn)
{
	return store_merge_client(context, conn);
}

/* ---- the list ---- */

static int build_filter(struct store_filter **filter, const struct cli_top_messages_choice *choice,
			struct wire_fault *fault)
{
	int error = 0;
	*filter = store_filter_open();
	if (!*filter)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (choice->subject)
		error = store_filter_subject(*filter, choice->subject, fault);
	if (choice->client && error == 0)
		error = store_filter_client(*filter, choice->client, fault);
	store_filter_since(*filter, choice->since_ns);
	if (choice->until_ns != INT64_MAX)
		store_filter_until(*filter, choice->until_ns);
	return error;
}

int cli_top_messages_open(struct cli_top_messages *messages, const struct cli_operands *logs,
			  const struct store_filter *also, const struct cli_top_messages_choice *choice,
			  const struct cli_text_options *text, struct wire_fault *fault)
{
	*messages = (struct cli_top_messages){.logs = logs, .also = also};
	struct store_reader_options options = {.follow = true,
					       .from_end = true,
					       .last = CLI_TOP_MESSAGES_MAX,
					       .in_time_order = true,
					       .payloads = true};
	cli_text_printer_init(&messages->printer, text);
	int error = build_filter(&messages->filter, choice, fault);
	options.filter = messages->filter;
	if (error == 0)
		error = cli_joining_open(&messages->merge, logs, &options, choice->no_join, fault);
	if (error == 0 && (error = export_out_init(&messages->out, -1)) != 0)
		wire_fault_set(fault, error, "out of memory");
	if (error != 0)
		cli_top_messages_close(messages);
	return error;
}

void cli_top_messages_close(struct cli_top_messages *messages)
{
	store_merge_close(messages->merge);
	store_filter_close(messages->filter);
	export_out_fini(&messages->out);
	*messages = (struct cli_top_messages){0};
}

/* The last line of what was printed: a heading for the day may precede it. */
static struct wire_slice last_line(const struct export_out *out)
{
	size_t len = out->len > 0 && out->data[out->len - 1] == '\n' ? out->len - 1 : out->len;
	const char *before = len > 0 ? memrchr(out->data, '\n', len) : NULL;
	return before ? wire_slice(before + 1, len - (size_t)(before + 1 - out->data))
		      : wire_slice(out->data, len);
}

static void add_line(struct cli_top_messages *messages, struct cli_top_lines *lines,
		     const struct wire_event *event)
{
	const struct export_clients clients = {.find = find_client, .context = messages->merge};
	messages->out.len = 0;
	cli_text_print(&messages->printer, &messages->out, event, &clients);
	struct cli_top_line *line = cli_top_lines_add(lines, last_line(&messages->out), CLI_TOP_MESSAGES_MAX);
	if (!line)
		return;
	line->seq = event->seq;
	line->time_ns = event->time_ns;
	line->origin = wire_source_origin(store_merge_source(messages->merge));
}

int cli_top_messages_poll(struct cli_top_messages *messages, struct cli_top_lines *lines,
			  struct wire_fault *fault)
{
	const int64_t deadline_ns = cli_top_deadline_in(POLL_MS);
	struct wire_event event;
	int status;
	for (unsigned seen = 1; (status = store_merge_next(messages->merge, &event, fault)) > 0; seen++) {
		if (!messages->also ||
		    store_filter_event(messages->also, &event, store_merge_source(messages->merge)))
			add_line(messages, lines, &event);
		if (seen % EVENTS_PER_LOOK == 0 && cli_top_deadline_has_passed(deadline_ns))
			return 1;
	}
	return status;
}

/* ---- one message ---- */

/* Print the event into a file in memory. Returns its descriptor, or a negative code. */
static int print_event(const struct wire_event *event, struct store_merge *merge,
		       const struct cli_text_options *text)
{
	const struct export_clients clients = {.find = find_client, .context = merge};
	struct wire_event shown = *event;
	struct cli_text_printer printer;
	struct export_out out;
	int fd = memfd_create("message", MFD_CLOEXEC);
	if (fd < 0 || export_out_init(&out, fd) != 0) {
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	if (shown.payload.len > PAYLOAD_MAX) {
		shown.payload.len = PAYLOAD_MAX;
		shown.flags |= WIRE_EVENT_PARTIAL;
	}
	cli_text_printer_init(&printer, text);
	cli_text_print(&printer, &out, &shown, &clients);
	export_out_flush(&out);
	export_out_fini(&out);
	return fd;
}

static int add_event(struct cli_top_lines *lines, const struct wire_event *event, struct store_merge *merge,
		     const struct cli_text_options *text)
{
	int fd = print_event(event, merge, text);
	if (fd < 0)
		return fd;
	off_t len = lseek(fd, 0, SEEK_END);
	void *data = len > 0 ? mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	close(fd);
	if (data == MAP_FAILED)
		return -ENOMEM;
	cli_top_lines_wrap(lines, wire_slice(data, (size_t)len), text->columns, TEXT_LINES_MAX);
	munmap(data, (size_t)len);
	return 0;
}

static int find_event(struct store_merge *merge, const struct cli_top_line *line,
		      const struct cli_text_options *text, struct cli_top_lines *lines,
		      struct wire_fault *fault)
{
	struct wire_event event;
	int status;
	while ((status = store_merge_next(merge, &event, fault)) > 0) {
		if (event.seq != line->seq || wire_source_origin(store_merge_source(merge)) != line->origin)
			continue;
		status = add_event(lines, &event, merge, text);
		return status ? wire_fault_set(fault, status, "out of memory") : 0;
	}
	return status < 0 ? status : wire_fault_set(fault, -ENOENT, "the event is no longer in the log");
}

int cli_top_message_read(const struct cli_operands *logs, bool no_join, const struct cli_top_line *line,
			 const struct cli_text_options *text, struct cli_top_lines *lines,
			 struct wire_fault *fault)
{
	const struct cli_top_messages_choice choice = {.since_ns = line->time_ns,
						       .until_ns = line->time_ns + 1};
	struct store_reader_options options = {.in_time_order = true, .payloads = true};
	struct store_filter *filter = NULL;
	struct store_merge *merge = NULL;
	int error = build_filter(&filter, &choice, fault);
	options.filter = filter;
	if (error == 0)
		error = cli_joining_open(&merge, logs, &options, no_join, fault);
	if (error == 0)
		error = find_event(merge, line, text, lines, fault);
	store_merge_close(merge);
	store_filter_close(filter);
	return error;
}
