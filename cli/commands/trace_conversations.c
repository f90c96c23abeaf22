#include "cli/commands/trace_conversations.h"

#include <errno.h>
#include <unistd.h>

#include "cli/commands/trace_pass.h"
#include "cli/commands/trace_setup.h"
#include "cli/commands/trace_where.h"
#include "cli/options/trace_keys.h"
#include "cli/options/values.h"
#include "cli/output/color.h"
#include "cli/output/conversation_json.h"

#define AT(member) offsetof(struct cli_trace_conversation_settings, member)

#define WINDOW_LEAST_NS INT64_C(1000000)

/* How the conversations are printed. */
struct printing {
	struct export_event_json json;
	struct cli_conversation_text_options text;
};

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

static void print(struct cli_trace_session *session, const struct export_conversation *conversation)
{
	struct printing *printing = session->context;
	if (session->trace->settings->json)
		cli_conversation_json(&printing->json, &session->out, conversation);
	else
		cli_conversation_text(&session->out, conversation, &printing->text);
}

static int print_chosen(struct cli_trace_session *session)
{
	const struct cli_trace_settings *settings = session->trace->settings;
	struct printing printing = {
	    .text = {.color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
		     .utc = settings->filters.utc,
		     .decoder = session->settings->decoding.decoder,
		     .columns = cli_terminal_columns(STDOUT_FILENO)}};
	struct wire_fault fault = {0};
	session->give = print;
	session->context = &printing;
	int error = export_event_json_init(&printing.json, true, NULL);
	printing.json.decoder = session->settings->decoding.decoder;
	if (!error)
		error = export_out_init(&session->out, STDOUT_FILENO);
	if (error) {
		cli_trace_out_of_memory(&fault);
	} else {
		cli_screen_attach(session->trace->screen, &session->out);
		cli_decoding_begin(&session->settings->decoding, session->trace->command);
		error = cli_trace_give_chosen(session, &fault);
	}
	int status = cli_trace_report(session, error, &fault);
	if (!session->trace->settings->quiet)
		cli_decoding_report(&session->settings->decoding, session->trace->command);
	export_event_json_fini(&printing.json);
	return status;
}

int cli_trace_conversations(const struct cli_trace_run *trace,
			    const struct cli_trace_conversation_settings *settings)
{
	struct cli_trace_session session;
	int status = cli_trace_session_init(&session, trace, settings);
	if (status == CLI_GO_ON)
		status = print_chosen(&session);
	if (session.given > 0 && (status == CLI_DONE || status == CLI_FOUND))
		cli_trace_keys_remember(trace->command, &trace->logs, &settings->keys);
	cli_trace_session_fini(&session);
	return status;
}
