#include "cli/commands/trace_setup.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/commands/trace_other.h"
#include "cli/commands/trace_pass.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/options/trace_keys.h"
#include "cli/output/errors.h"
#include "export/text/sizes.h"

/* ---- what is wanted ---- */

static int add_evidence(const struct cli_command *command, const char *words, unsigned *evidence)
{
	while (*words) {
		size_t len = strcspn(words, ",");
		unsigned kind = 0;
		while (kind < TRACE_EVIDENCE_COUNT &&
		       !wire_slice_equal(wire_slice(words, len), wire_slice_str(trace_evidence_name(kind))))
			kind++;
		if (kind == TRACE_EVIDENCE_COUNT)
			return cli_usage_error(command, "--evidence: there is no evidence \"%.*s\"", (int)len,
					       words);
		*evidence |= 1u << kind;
		words += len + (words[len] == ',');
	}
	return CLI_GO_ON;
}

static int choose_evidence(struct cli_trace_session *session)
{
	const struct cli_trace_conversation_settings *settings = session->settings;
	const struct cli_command *command = session->trace->command;
	int status = CLI_GO_ON;
	for (size_t i = 0; i < settings->evidence.len && status == CLI_GO_ON; i++)
		status = add_evidence(command, settings->evidence.values[i], &session->evidence);
	if (status != CLI_GO_ON)
		return status;
	if (settings->evidence.len == 0)
		session->evidence = TRACE_ALL_EVIDENCE;
	else if (session->evidence == 0)
		return cli_usage_error(command, "--evidence: no kind is named");
	if (settings->no_inferred)
		session->evidence &= ~(1u << TRACE_INFERRED);
	if (session->evidence == 0)
		return cli_usage_error(command, "--evidence inferred and --no-inferred leave no evidence");
	return CLI_GO_ON;
}

/* The keys of the command line and those that are remembered. */
static int choose_keys(struct cli_trace_session *session)
{
	const struct cli_command *command = session->trace->command;
	const struct cli_list *given = &session->settings->keys;
	struct wire_fault fault = {0};
	session->keys = trace_keys_open();
	int error = session->keys ? 0 : cli_trace_out_of_memory(&fault);
	for (size_t i = 0; i < given->len && !error; i++)
		error = trace_keys_add(session->keys, given->values[i], &fault);
	if (error == -EINVAL)
		return cli_usage_error(command, "%s", fault.text);
	if (session->settings->forget_keys)
		cli_trace_keys_forget(command, &session->trace->logs);
	if (!error)
		error = cli_trace_keys_load(command, &session->trace->logs, session->keys,
					    session->trace->settings->quiet, &fault);
	return error ? cli_log_error(command, &fault) : CLI_GO_ON;
}

static int begin(struct cli_trace_session *session)
{
	session->interrupt_fd = cli_interrupt_open();
	session->trace->screen->progress.interrupt_fd = session->interrupt_fd;
	session->causality = trace_causality_open();
	if (session->causality && session->interrupt_fd >= 0)
		return CLI_GO_ON;
	cli_error(session->trace->command, "cannot start: out of memory or of file descriptors");
	return CLI_IO;
}

int cli_trace_session_init(struct cli_trace_session *session, const struct cli_trace_run *trace,
			   const struct cli_trace_conversation_settings *settings)
{
	*session = (struct cli_trace_session){.trace = trace, .settings = settings, .interrupt_fd = -1};
	int status = cli_trace_choice_init(&session->choice, trace, settings);
	if (status == CLI_GO_ON)
		status = choose_evidence(session);
	if (status == CLI_GO_ON)
		status = choose_keys(session);
	return status == CLI_GO_ON ? begin(session) : status;
}

void cli_trace_session_fini(struct cli_trace_session *session)
{
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	export_out_fini(&session->out);
	trace_causality_close(session->causality);
	trace_keys_close(session->keys);
	cli_trace_points_fini(&session->points);
	cli_trace_choice_fini(&session->choice);
}

/* ---- the end ---- */

static int report_nothing(const struct cli_trace_session *session)
{
	const struct cli_trace_conversation_settings *settings = session->settings;
	const struct cli_command *command = session->trace->command;
	const bool is_damaged = cli_log_has_unread(&session->damage);
	if (session->chosen > 0 || session->is_stopped)
		return CLI_DONE;
	if (session->points.has_other)
		cli_trace_report_other(session);
	else if (settings->seqs.len > 0)
		cli_error(command, "%s with this sequence number",
			  is_damaged ? "nothing that can be read is a message" : "there is no message");
	else if (settings->ids.len > 0)
		cli_error(command, "no message%s holds the value", is_damaged ? " that can be read" : "");
	else if (!session->trace->settings->quiet)
		cli_explain_nothing(command,
				    is_damaged ? "no message that can be read passes the filter"
					       : "no message passes the filter",
				    &session->trace->logs, &session->trace->settings->filters,
				    &session->trace->subjects);
	return settings->seqs.len + settings->ids.len > 0 ? CLI_FOUND : CLI_DONE;
}

static void report_memory(const struct cli_trace_session *session)
{
	char messages[EXPORT_SIZE_TEXT], cut[EXPORT_SIZE_TEXT];
	if (session->stats.forgotten > 0)
		cli_error(session->trace->command,
			  "%s message%s given up early because memory was short, %s conversation%s cut "
			  "short; %s",
			  export_count_text(messages, session->stats.forgotten),
			  export_plural(session->stats.forgotten),
			  export_count_text(cut, session->stats.cut_short),
			  export_plural(session->stats.cut_short),
			  session->trace->settings->memory_is_fixed
			      ? "tapedeck trace with a larger --memory shows more"
			      : "raise --memory");
}

int cli_trace_report(struct cli_trace_session *session, int error, const struct wire_fault *fault)
{
	int flushed = export_out_flush(&session->out);
	cli_screen_end(session->trace->screen);
	session->is_stopped |= cli_interrupt_seen(session->interrupt_fd);
	int output = cli_write_status(session->trace->command, flushed);
	cli_trace_note_damage(session, &session->points.damage);
	int damage = cli_log_report_unread(session->trace->command, NULL, &session->damage);
	report_memory(session);
	if (session->points.is_full)
		cli_error(session->trace->command,
			  "more than %d messages hold the value: only the first are traced",
			  CLI_TRACE_POINTS_MAX);
	if (error < 0)
		return cli_log_error(session->trace->command, fault);
	int nothing = report_nothing(session);
	if (output != CLI_DONE)
		return output;
	return damage != CLI_DONE ? damage : nothing;
}
