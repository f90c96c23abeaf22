#include "cli/commands/trace_conversations.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/commands/trace_other.h"
#include "cli/commands/trace_pass.h"
#include "cli/commands/trace_where.h"
#include "cli/options/logs.h"
#include "cli/options/nothing_matched.h"
#include "cli/options/trace_keys.h"
#include "cli/options/values.h"
#include "cli/output/color.h"
#include "cli/output/errors.h"
#include "export/text/sizes.h"

#define AT(member) offsetof(struct cli_trace_conversation_settings, member)

#define WINDOW_LEAST_NS INT64_C(1000000)

static int read_window(void *member, const char *text, struct wire_fault *fault)
{
	int64_t *ns = member;
	int error = cli_parse_duration_ns(text, ns, fault);
	return error == 0 && *ns < WINDOW_LEAST_NS ? wire_fault_set(fault, -EINVAL, "must be 1ms or more")
						   : error;
}

const struct cli_option cli_trace_conversation_options[] = {
    {.name = "seq",
     .kind = CLI_LIST,
     .argument = "N",
     .help = "the conversation of the message with this sequence number; 2:N: in the second of several logs; "
	     "may be repeated",
     .at = AT(seqs)},
    {.name = "id",
     .kind = CLI_LIST,
     .argument = "VALUE",
     .help = "the conversations of messages that hold this value as a whole word in the subject, a header or "
	     "the payload; may be repeated",
     .at = AT(ids)},
    {.name = "key",
     .kind = CLI_LIST,
     .argument = "KEY",
     .help = "messages with the same value of this belong together: $.order_id (a JSON field), "
	     "header:Workflow-Id, subject:2 (the second token); may be repeated; remembered in the log's "
	     "directory",
     .at = AT(keys)},
    {.name = "forget-keys",
     .kind = CLI_FLAG,
     .help = "forget the keys that are remembered for the log",
     .at = AT(forget_keys)},
    {.name = "no-inferred",
     .kind = CLI_FLAG,
     .help = "leave out links that are only inferred: a client published while it was handling a message",
     .at = AT(no_inferred)},
    {.name = "evidence",
     .kind = CLI_LIST,
     .argument = "KIND,...",
     .help = "use only this evidence: reply, stream, trace-context, key, inferred",
     .words = "reply|stream|trace-context|key|inferred",
     .at = AT(evidence)},
    {.name = "window",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help =
	 "a conversation ends when nothing has joined it for this long; default 5s, less in a log that has "
	 "more than 50,000 events in that time",
     .at = AT(window_ns),
     .call = read_window},
    {.name = NULL},
};

void cli_trace_conversation_settings_fini(struct cli_trace_conversation_settings *settings)
{
	cli_list_fini(&settings->seqs);
	cli_list_fini(&settings->ids);
	cli_list_fini(&settings->keys);
	cli_list_fini(&settings->evidence);
	cli_decoding_fini(&settings->decoding);
}

/* ---- the run ---- */

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
			  "short; raise --memory",
			  export_count_text(messages, session->stats.forgotten),
			  export_plural(session->stats.forgotten),
			  export_count_text(cut, session->stats.cut_short),
			  export_plural(session->stats.cut_short));
}

static int report(struct cli_trace_session *session, int error, const struct wire_fault *fault)
{
	int flushed = export_out_flush(&session->out);
	cli_screen_end(session->trace->screen);
	session->is_stopped |= cli_interrupt_seen(session->interrupt_fd);
	int output = cli_write_status(session->trace->command, flushed);
	cli_trace_note_damage(session, &session->points.damage);
	int damage = cli_log_report_unread(session->trace->command, NULL, &session->damage);
	report_memory(session);
	if (!session->trace->settings->quiet)
		cli_decoding_report(&session->settings->decoding, session->trace->command);
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

static int run(struct cli_trace_session *session)
{
	const struct cli_trace_settings *settings = session->trace->settings;
	struct wire_fault fault = {0};
	session->interrupt_fd = cli_interrupt_open();
	session->text = (struct cli_conversation_text_options){
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
	    .utc = settings->filters.utc,
	    .decoder = session->settings->decoding.decoder,
	    .columns = cli_terminal_columns(STDOUT_FILENO)};
	session->causality = trace_causality_open();
	int ready = export_out_init(&session->out, STDOUT_FILENO);
	cli_screen_attach(session->trace->screen, &session->out);
	session->trace->screen->progress.interrupt_fd = session->interrupt_fd;
	if (ready == 0)
		ready = export_event_json_init(&session->json, true, NULL);
	session->json.decoder = session->settings->decoding.decoder;
	cli_decoding_begin(&session->settings->decoding, session->trace->command);
	if (ready != 0 || !session->causality || session->interrupt_fd < 0) {
		cli_error(session->trace->command, "cannot start: out of memory or of file descriptors");
		return CLI_IO;
	}
	int error = cli_trace_print_chosen(session, &fault);
	return report(session, error, &fault);
}

static void fini(struct cli_trace_session *session)
{
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	export_out_fini(&session->out);
	export_event_json_fini(&session->json);
	trace_causality_close(session->causality);
	trace_keys_close(session->keys);
	cli_trace_points_fini(&session->points);
	cli_trace_choice_fini(&session->choice);
}

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

int cli_trace_conversations(const struct cli_trace_run *trace,
			    const struct cli_trace_conversation_settings *settings)
{
	struct cli_trace_session session = {.trace = trace, .settings = settings, .interrupt_fd = -1};
	int status = cli_trace_choice_init(&session.choice, trace, settings);
	if (status == CLI_GO_ON)
		status = choose_evidence(&session);
	if (status == CLI_GO_ON)
		status = choose_keys(&session);
	if (status == CLI_GO_ON)
		status = run(&session);
	if (session.printed > 0 && (status == CLI_DONE || status == CLI_FOUND))
		cli_trace_keys_remember(trace->command, &trace->logs, &settings->keys);
	fini(&session);
	return status;
}
