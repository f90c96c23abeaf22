#include "cli/commands/copying.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/options/joining.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/output/errors.h"
#include "cli/output/screen.h"
#include "export/text/sizes.h"
#include "store/care/excerpt.h"

enum { EVENTS_PER_LOOK = 1024 };

#define SEGMENT_BYTES (UINT64_C(256) << 20)

const struct cli_option cli_copying_level_options[] = {
    {.name = "level",
     .kind = CLI_INT,
     .argument = "N",
     .help = "zstd level, from 1 (fast) to 19 (small); default 9",
     .min = 1,
     .max = 19},
    {.name = NULL},
};

const struct cli_option cli_copying_record_options[] = {
    {.name = "record",
     .letter = 'o',
     .kind = CLI_TEXT,
     .argument = "DIR",
     .help = "write the new log into this directory, which must not exist or be empty"},
    {.name = NULL},
};

struct session {
	const struct cli_copying *copying;
	struct store_new_log *log;
	struct store_excerpt *excerpt;
	struct cli_screen screen;
	int interrupt_fd;
	bool is_interrupted;
	struct wire_damage damage;
};

static int out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* 0, or -EINTR with *fault after an interrupt, which ends the reading (wire/progress.h) wherever it is. */
static int check_interrupt(struct session *session, struct wire_fault *fault)
{
	if (session->copying->is_live || !cli_interrupt_seen(session->interrupt_fd))
		return 0;
	session->is_interrupted = true;
	return wire_fault_set(fault, -EINTR, "interrupted");
}

/* ---- passes ---- */

/* Note the connections that the chosen events name. */
static int note_all(struct session *session, struct store_merge *inputs, struct wire_fault *fault)
{
	struct wire_source *source = store_merge_source(inputs);
	struct wire_event event;
	int status;

	for (uint64_t events = 1; (status = store_merge_next(inputs, &event, fault)) > 0; events++) {
		if (store_excerpt_note(session->excerpt, &event, source) != 0)
			return out_of_memory(fault);
		if (events % EVENTS_PER_LOOK == 0 && (status = check_interrupt(session, fault)) < 0)
			return status;
	}
	return status < 0 ? status : check_interrupt(session, fault);
}

static int take_all(struct session *session, struct store_merge *inputs, struct wire_fault *fault)
{
	struct wire_source *source = store_merge_source(inputs);
	struct wire_event event;
	int status;

	for (uint64_t events = 1; (status = store_merge_next(inputs, &event, fault)) > 0; events++) {
		status = store_excerpt_take(session->excerpt, &event, source, fault);
		if (status < 0)
			return status;
		if (store_new_log_error(session->log) != 0)
			return 0; /* store_new_log_finish reports it */
		if (events % EVENTS_PER_LOOK == 0 && (status = check_interrupt(session, fault)) < 0)
			return status;
	}
	store_merge_damage(inputs, &session->damage);
	return status < 0 ? status : check_interrupt(session, fault);
}

typedef int pass(struct session *session, struct store_merge *inputs, struct wire_fault *fault);

static int read_logs(struct session *session, const struct store_filter *filter, bool payloads, pass *run,
		     struct wire_fault *fault)
{
	const struct cli_copying *copying = session->copying;
	const struct store_reader_options options = {.filter = filter,
						     .in_time_order = true,
						     .payloads = payloads,
						     .progress = &session->screen.progress.base};
	struct store_merge *inputs;
	int error = copying->open
			? copying->open(&inputs, &copying->logs, &options, fault)
			: cli_joining_open(&inputs, &copying->logs, &options, copying->no_join, fault);

	if (error)
		return error;
	error = run(session, inputs, fault);
	cli_screen_end(&session->screen);
	if (!error && payloads && !copying->quiet && !copying->open)
		cli_joining_report(copying->command, inputs, &copying->logs);
	store_merge_close(inputs);
	return error;
}

static int copy(struct session *session, struct wire_fault *fault)
{
	const struct cli_copying *copying = session->copying;
	int error = 0;

	if (copying->chosen)
		error = read_logs(session, copying->chosen, false, note_all, fault);
	if (!error)
		error = read_logs(session, copying->period, true, take_all, fault);
	if (!error && store_excerpt_chosen(session->excerpt) > 0)
		error = store_new_log_finish(session->log, fault);
	return error;
}

/* ---- opening and reporting ---- */

/* Logs are read again for connects and subscriptions that are older than the excerpt; captures are not. */
static bool *find_logs(const struct cli_operands *logs)
{
	bool *are_logs = calloc((size_t)logs->len, sizeof(*are_logs));

	for (int i = 0; are_logs && i < logs->len; i++)
		are_logs[i] = !cli_log_is_foreign(logs->values[i]);
	return are_logs;
}

static int open_and_copy(struct session *session, const bool *reads_earlier, struct wire_fault *fault)
{
	const struct cli_copying *copying = session->copying;
	const struct store_new_log_options options = {
	    .written_by = copying->command->name, .level = copying->level, .segment_bytes = SEGMENT_BYTES};
	int error = store_new_log_open(&session->log, copying->dir, &options, fault);

	if (error)
		return error;
	struct wire_sink *sink = store_new_log_sink(session->log);
	if (copying->masking && cli_masking_before(copying->masking, &sink) < 0)
		return out_of_memory(fault);
	const struct store_excerpt_options excerpt = {.log = session->log,
						      .sink = sink,
						      .filter = copying->chosen,
						      .inputs = (const char *const *)copying->logs.values,
						      .reads_earlier = reads_earlier,
						      .inputs_len = (uint32_t)copying->logs.len};
	session->excerpt = store_excerpt_open(&excerpt);
	return session->excerpt ? copy(session, fault) : out_of_memory(fault);
}

static void print_result(const struct session *session)
{
	char events[EXPORT_SIZE_TEXT], size[EXPORT_SIZE_TEXT];

	cli_error(session->copying->command, "\"%s\": %s event%s, %s", session->copying->dir,
		  export_count_text(events, store_new_log_events(session->log)),
		  export_plural(store_new_log_events(session->log)),
		  export_size_text(size, store_new_log_bytes(session->log)));
}

static void report_mask(void *context, const char *line)
{
	const struct session *session = context;

	cli_error(session->copying->command, "%s", line);
}

static int report_nothing(const struct cli_copying *copying)
{
	const struct cli_filters none = {0};

	if (copying->open) {
		cli_error(copying->command, "there are no events, and no log was written");
		return CLI_FOUND;
	}
	cli_explain_nothing(copying->command, "nothing matched, and no log was written", &copying->logs,
			    copying->filters ? copying->filters : &none, &copying->subjects);
	return CLI_FOUND;
}

static int report(const struct session *session, int error, const struct wire_fault *fault)
{
	const struct cli_copying *copying = session->copying;

	if (session->is_interrupted || error == -EINTR) {
		cli_error(copying->command, "interrupted");
		return CLI_FOUND;
	}
	if (error)
		return cli_log_error(copying->command, fault);
	if (store_excerpt_chosen(session->excerpt) == 0)
		return report_nothing(copying);
	if (!copying->quiet)
		print_result(session);
	if (!copying->quiet && copying->masking)
		cli_masking_report(copying->masking, report_mask, (void *)(uintptr_t)session);
	return cli_log_report_unread(copying->command, NULL, &session->damage);
}

int cli_copying_run(const struct cli_copying *copying)
{
	struct session session = {.copying = copying, .interrupt_fd = cli_interrupt_open()};
	struct wire_fault fault = {.code = -ENOMEM, .text = "out of memory"};
	bool *reads_earlier = find_logs(&copying->logs);

	cli_screen_init(&session.screen, true, copying->quiet, &copying->logs);
	session.screen.progress.interrupt_fd = session.interrupt_fd;
	int error = reads_earlier ? open_and_copy(&session, reads_earlier, &fault) : -ENOMEM;
	cli_screen_end(&session.screen);
	int status = report(&session, error, &fault);
	store_excerpt_close(session.excerpt);
	store_new_log_close(session.log);
	if (session.interrupt_fd >= 0)
		close(session.interrupt_fd);
	free(reads_earlier);
	return status;
}
