#include "cli/commands/export_conversations.h"

#include <errno.h>

#include "cli/commands/trace_setup.h"
#include "cli/commands/trace_where.h"
#include "cli/options/logs.h"
#include "cli/output/errors.h"
#include "cli/output/file.h"

#define AT(member) offsetof(struct cli_trace_conversation_settings, member)

enum {
	MEMORY_BYTES = 96 << 20, /* for messages while their conversations go on */
	PAYLOAD_MAX = 1 << 20,   /* kept of each: more than any picture shows */
};

const struct cli_option cli_export_conversation_options[] = {
    {.name = "conversation",
     .kind = CLI_LIST,
     .argument = "N",
     .help = "the conversation of the message with this sequence number, as tapedeck trace --seq "
	     "finds it; 2:N: in the second of several logs; may be repeated",
     .at = AT(seqs)},
    {.name = "id",
     .kind = CLI_LIST,
     .argument = "VALUE",
     .help = "the conversations of messages that hold this value as a whole word in the subject, "
	     "a header or the payload; may be repeated",
     .at = AT(ids)},
    {.name = "key",
     .kind = CLI_LIST,
     .argument = "KEY",
     .help =
	 "with these: messages with the same value of this belong together, as in tapedeck trace; keys that "
	 "are remembered for the log are used, too; may be repeated",
     .at = AT(keys)},
    {.name = "no-inferred",
     .kind = CLI_FLAG,
     .help = "with these: leave out links that are only inferred",
     .at = AT(no_inferred)},
    {.name = NULL},
};

bool cli_export_asks_for_conversations(const struct cli_export *export)
{
	return export->conversations.seqs.len + export->conversations.ids.len > 0;
}

int cli_export_check_conversations(const struct cli_export *export)
{
	const struct cli_trace_conversation_settings *settings = &export->conversations;

	if (!cli_export_asks_for_conversations(export) && (settings->keys.len > 0 || settings->no_inferred))
		return cli_usage_error(export->command,
				       "--key and --no-inferred go with --conversation or --id");
	if (cli_export_asks_for_conversations(export) && !export->settings.format->draws_conversations)
		return cli_usage_error(export->command,
				       "--conversation and --id go with mermaid and html, not with %s",
				       export->settings.format->name);
	return CLI_GO_ON;
}

/* ---- the run ---- */

struct drawing {
	const struct cli_export *export;
	struct export_writer *writer;
	struct cli_file file;
	struct wire_fault fault;
	int error; /* of the writer */
};

static void draw(struct cli_trace_session *session, const struct export_conversation *conversation)
{
	struct drawing *drawing = session->context;

	if (!drawing->error)
		drawing->error =
		    drawing->writer->conversation(drawing->writer, conversation, &drawing->fault);
}

static int open_drawing(struct drawing *drawing, struct cli_trace_session *session)
{
	const struct cli_export *export = drawing->export;
	int error =
	    cli_file_init(&drawing->file, export->file, false, session->interrupt_fd, &drawing->fault);

	if (!error && export_out_init(&session->out, drawing->file.fd) != 0)
		error = wire_fault_set(&drawing->fault, -ENOMEM, "out of memory");
	if (!error && !drawing->file.path)
		cli_screen_attach(session->trace->screen, &session->out);
	if (!error)
		error = export->settings.format->open(&drawing->writer, &export->settings, export->chosen,
						      &session->out, &drawing->fault);
	return error;
}

static int draw_all(struct drawing *drawing, struct cli_trace_session *session)
{
	int error = open_drawing(drawing, session);

	if (!error)
		error = cli_trace_give_chosen(session, &drawing->fault);
	if (!error)
		error = drawing->error;
	if (!error && session->given > 0 && drawing->writer->end)
		error = drawing->writer->end(drawing->writer, &drawing->fault);
	return error;
}

/* A picture of nothing is not written: the conversation that was asked for is not there. */
static int finish(struct drawing *drawing, struct cli_trace_session *session, int error)
{
	const struct cli_export *export = drawing->export;

	if (!error && session->given == 0)
		session->out.len = 0;
	int status = cli_trace_report(session, error, &drawing->fault);

	if (!error && session->is_stopped && session->out.error == 0) {
		cli_export_report_interrupt(export->command, drawing->file.path);
		return status == CLI_DONE ? CLI_FOUND : status;
	}
	if (error || session->given == 0 || session->out.error != 0)
		return status;
	if (cli_file_finish(&drawing->file, &drawing->fault) != 0)
		return cli_log_error(export->command, &drawing->fault);
	if (!export->quiet)
		cli_export_report_omissions(export->command, drawing->writer);
	return status;
}

static int run(const struct cli_trace_run *trace, struct drawing *drawing)
{
	struct cli_trace_conversation_settings settings = drawing->export->conversations;
	struct cli_trace_session session;

	settings.seqs_option = "--conversation";
	int status = cli_trace_session_init(&session, trace, &settings);

	if (status == CLI_GO_ON) {
		session.give = draw;
		session.context = drawing;
		session.payload_max = PAYLOAD_MAX;
		status = finish(drawing, &session, draw_all(drawing, &session));
	}
	if (drawing->writer)
		drawing->writer->close(drawing->writer);
	cli_file_fini(&drawing->file);
	cli_trace_session_fini(&session);
	return status;
}

int cli_export_conversations_run(const struct cli_export *export)
{
	const struct cli_trace_settings settings = {.filters = export->filters,
						    .memory_bytes = MEMORY_BYTES,
						    .memory_is_fixed = true,
						    .quiet = export->quiet,
						    .no_join = export->no_join};
	struct cli_screen screen;
	const struct cli_trace_run trace = {.command = export->command,
					    .settings = &settings,
					    .screen = &screen,
					    .logs = export->logs,
					    .subjects = export->subjects};
	struct drawing drawing = {.export = export, .file.fd = -1};

	cli_screen_init(&screen, true, export->quiet, &export->logs);
	return run(&trace, &drawing);
}
