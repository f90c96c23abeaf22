#include "cli/commands/trace_conversations.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands/interrupt.h"
#include "cli/commands/trace_choice.h"
#include "cli/commands/trace_points.h"
#include "cli/options/inputs.h"
#include "cli/options/logs.h"
#include "cli/options/trace_keys.h"
#include "cli/output/color.h"
#include "cli/output/conversation_json.h"
#include "cli/output/errors.h"
#include "cli/output/sizes.h"

#define AT(member) offsetof(struct cli_trace_conversation_settings, member)

const struct cli_option cli_trace_conversation_options[] = {
    {.name = "seq",
     .kind = CLI_LIST,
     .argument = "N",
     .help = "the conversation of the message with this sequence number; may be repeated",
     .at = AT(seqs)},
    {.name = "id",
     .kind = CLI_LIST,
     .argument = "VALUE",
     .help = "the conversations of messages that hold this value as a whole word: in the subject, a header, "
	     "a JSON field "
	     "or anywhere in the payload; may be repeated",
     .at = AT(ids)},
    {.name = "key",
     .kind = CLI_LIST,
     .argument = "KEY",
     .help = "messages with the same value belong together: $.order_id (JSON), header:Workflow-Id, subject:2 "
	     "(the second "
	     "token); may be repeated; remembered in the log's directory",
     .at = AT(keys)},
    {.name = "forget-keys",
     .kind = CLI_FLAG,
     .help = "forget the keys that are remembered for the log",
     .at = AT(forget_keys)},
    {.name = "no-inferred",
     .kind = CLI_FLAG,
     .help = "leave out what is only inferred from a connection publishing while it handled a message",
     .at = AT(no_inferred)},
    {.name = "evidence",
     .kind = CLI_LIST,
     .argument = "KIND,...",
     .help = "use only this evidence: reply, stream, trace-context, key, inferred",
     .at = AT(evidence)},
    {.name = "window",
     .kind = CLI_DURATION,
     .argument = "TIME",
     .help = "a conversation ends when nothing has joined it for so long; default 5s, less in a log where "
	     "that is more "
	     "than 50,000 events",
     .at = AT(window_ms)},
    {.name = NULL},
};

void cli_trace_conversation_settings_fini(struct cli_trace_conversation_settings *settings)
{
	cli_list_fini(&settings->seqs);
	cli_list_fini(&settings->ids);
	cli_list_fini(&settings->keys);
	cli_list_fini(&settings->evidence);
}

#define WINDOW_NS     INT64_C(5000000000)
#define WINDOW_MIN_NS INT64_C(200000000)

enum {
	WINDOW_EVENTS = 50000,
	LEARNED_EVENTS =
	    200000,             /* read at first, so that the first conversations are judged by what recurs */
	EVENTS_PER_LOOK = 4096, /* between two looks for Ctrl-C */
	WAIT_MS = 100,
	EARLIER_MAX = 12, /* how often the beginning of a conversation is looked for farther back */
};

static const double SCORE_MIN = 0.5;

/* What a pass over the source is for. */
enum purpose { TO_LEARN, TO_PRINT };

struct session {
	const struct cli_trace_run *trace;
	const struct cli_trace_conversation_settings *settings;
	struct cli_trace_choice choice;
	struct cli_trace_points points;
	struct trace_keys *keys;
	struct trace_causality *causality;
	unsigned evidence;
	int64_t window_ns;
	struct cli_out out;
	struct cli_json_printer json;
	struct cli_conversation_text_options text;
	int interrupt_fd;
	uint64_t printed;
	int64_t earliest_ns; /* TO_LEARN: time of the first message of a chosen conversation */
	int64_t first_ns;    /* time of the first event that was read */
	uint64_t chosen;     /* messages */
	bool is_stopped;
	struct trace_conversations_stats stats;
	struct wire_damage damage;
};

/* One pass over the source. */
struct pass {
	struct session *session;
	enum purpose purpose;
	struct store_filter *filter; /* what is read; owned */
	struct store_merge *inputs;
	struct trace_conversations *conversations;
	bool by_points;   /* the chosen messages are the session's points */
	int64_t until_ns; /* no chosen message comes later */
	uint64_t events, max_events;
	int64_t now_ns; /* time of the last event */
};

/* ---- a conversation has ended ---- */

static void note_earliest(struct session *session, const struct trace_conversation *conversation)
{
	for (const struct trace_node *node = conversation->nodes; node; node = node->next)
		if (node->event.time_ns < session->earliest_ns)
			session->earliest_ns = node->event.time_ns;
}

/* A gap after the last message may hold the reply that a request did not get. */
static int64_t end_ns(const struct session *session, const struct trace_conversation *conversation)
{
	for (const struct trace_node *node = conversation->nodes; node; node = node->next)
		if (cli_is_unanswered(node))
			return conversation->last_ns + session->window_ns;
	return conversation->last_ns;
}

static void print_conversation(struct session *session, struct trace_conversations *conversations,
			       struct trace_conversation *ended)
{
	struct cli_conversation conversation = {.clients = trace_conversations_clients(conversations),
						.window_ns = session->window_ns,
						.is_cut_short = ended->is_cut_short,
						.input_names = session->trace->logs.values,
						.inputs = session->trace->logs.len};
	conversation.gaps_len =
	    trace_conversations_gaps(conversations, ended->first_ns, end_ns(session, ended),
				     conversation.gaps, CLI_CONVERSATION_GAPS_MAX);
	if (trace_tree_init(&conversation.tree, ended) != 0) {
		cli_error(session->trace->command, "out of memory: a conversation is left out");
		return;
	}
	if (session->trace->settings->json)
		cli_conversation_json(&session->json, &session->out, &conversation);
	else
		cli_conversation_text(&session->out, &conversation, &session->text);
	trace_tree_fini(&conversation.tree);
	session->printed++;
}

static bool is_complete(const struct session *session)
{
	uint64_t limit = session->trace->settings->limit;
	return (limit > 0 && session->printed >= limit) || session->out.error != 0 || session->is_stopped;
}

static void done(void *context, struct trace_conversations *conversations,
		 struct trace_conversation *conversation)
{
	struct pass *pass = context;
	if (pass->purpose == TO_LEARN)
		note_earliest(pass->session, conversation);
	else if (!is_complete(pass->session))
		print_conversation(pass->session, conversations, conversation);
}

/* ---- a pass ---- */

static int out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* Open the inputs from a time on. */
static int open_pass(struct pass *pass, int64_t since_ns, bool follow, struct wire_fault *fault)
{
	struct session *session = pass->session;
	pass->filter = store_filter_open();
	if (!pass->filter)
		return out_of_memory(fault);
	if (since_ns != INT64_MIN)
		store_filter_since(pass->filter, since_ns);
	const struct store_reader_options reading = {.filter = pass->filter,
						     .payloads = true,
						     .in_time_order = true,
						     .steady = !follow,
						     .follow = follow};
	int error = cli_inputs_open(&pass->inputs, &session->trace->logs, &reading, fault);
	if (error)
		return error;
	const struct trace_conversations_options options = {.source = store_merge_source(pass->inputs),
							    .evidence = session->evidence,
							    .keys = session->keys,
							    .causality = session->causality,
							    .window_ns = session->window_ns,
							    .memory_bytes =
								session->trace->settings->memory_bytes,
							    .min_score = SCORE_MIN,
							    .done = done,
							    .context = pass};
	pass->conversations = trace_conversations_open(&options);
	return pass->conversations ? 0 : out_of_memory(fault);
}

static void close_pass(struct pass *pass)
{
	struct session *session = pass->session;
	if (pass->conversations && pass->purpose == TO_PRINT)
		trace_conversations_stats(pass->conversations, &session->stats);
	if (pass->inputs && pass->purpose == TO_PRINT)
		store_merge_damage(pass->inputs, &session->damage);
	trace_conversations_close(pass->conversations);
	store_merge_close(pass->inputs);
	store_filter_close(pass->filter);
}

static bool is_chosen(const struct pass *pass, const struct wire_event *event)
{
	struct session *session = pass->session;
	struct wire_source *source = store_merge_source(pass->inputs);
	bool chosen = pass->by_points
			  ? cli_trace_points_hold(&session->points, wire_source_origin(source), event->seq)
			  : cli_trace_choice_holds(&session->choice, source, event);
	session->chosen += chosen && pass->purpose == TO_PRINT;
	return chosen;
}

/* Nothing more can come that is wanted. */
static bool is_over(struct pass *pass)
{
	struct session *session = pass->session;
	if (is_complete(session) || (pass->max_events > 0 && pass->events >= pass->max_events))
		return true;
	if (pass->now_ns > pass->until_ns && trace_conversations_chosen(pass->conversations) == 0)
		return true;
	if (pass->events % EVENTS_PER_LOOK == 0)
		session->is_stopped = cli_interrupt_seen(session->interrupt_fd);
	return session->is_stopped;
}

/* Read on. 0 at the end of what there is, 1 when there is a reason to stop, or a negative code with *fault. */
static int read_events(struct pass *pass, struct wire_fault *fault)
{
	struct wire_event event;
	int status;
	while ((status = store_merge_next(pass->inputs, &event, fault)) > 0) {
		if (pass->events++ == 0)
			pass->session->first_ns = event.time_ns;
		pass->now_ns = event.time_ns;
		if (trace_conversations_add(pass->conversations, &event, is_chosen(pass, &event)) != 0)
			return out_of_memory(fault);
		if (is_over(pass))
			return 1;
	}
	return status;
}

/* Go on with what is written to the logs. 0, or a negative code with *fault. */
static int follow(struct pass *pass, struct wire_fault *fault)
{
	struct session *session = pass->session;
	int status;
	while ((status = read_events(pass, fault)) == 0) {
		trace_conversations_read_to(pass->conversations, cli_now_ns() - WINDOW_MIN_NS);
		session->is_stopped = cli_interrupt_seen(session->interrupt_fd);
		if (cli_out_flush(&session->out) != 0 || is_complete(session))
			return 0;
		store_merge_wait(pass->inputs, WAIT_MS);
	}
	return status < 0 ? status : 0;
}

/* Conversations that have not ended when the source does, or when enough was read, end then. */
static int run_pass(struct pass *pass, int64_t since_ns, struct wire_fault *fault)
{
	const bool follows = pass->session->trace->settings->follow && pass->purpose == TO_PRINT;
	int status = open_pass(pass, since_ns, follows, fault);
	if (status == 0)
		status = follows ? follow(pass, fault) : read_events(pass, fault);
	if (pass->conversations)
		trace_conversations_finish(pass->conversations);
	close_pass(pass);
	return status < 0 ? status : 0;
}

/* ---- conversations of known places ---- */

static int64_t before(int64_t time_ns, int64_t ns)
{
	return time_ns < INT64_MIN + ns ? INT64_MIN : time_ns - ns;
}

/* Learn, and find out where the conversations of points up to until_ns begin: a cause of the first message that was found
 * may lie before what was read. 0 with *since_ns, or a negative code with *fault. */
static int find_beginning(struct session *session, int64_t first_ns, int64_t until_ns, int64_t *since_ns,
			  struct wire_fault *fault)
{
	int64_t back_ns = session->window_ns;
	*since_ns = before(first_ns, back_ns);
	for (int i = 0; i < EARLIER_MAX; i++) {
		struct pass pass = {
		    .session = session, .purpose = TO_LEARN, .by_points = true, .until_ns = until_ns};
		session->earliest_ns = INT64_MAX;
		int error = run_pass(&pass, *since_ns, fault);
		if (error || session->earliest_ns == INT64_MAX || session->is_stopped)
			return error;
		if (before(session->earliest_ns, session->window_ns) >= *since_ns ||
		    session->first_ns > session->earliest_ns - 1)
			return 0;
		back_ns = back_ns < INT64_MAX / 4 ? back_ns * 2 : back_ns;
		*since_ns = before(session->earliest_ns, back_ns);
	}
	return 0;
}

/* Points that are close to each other are read together. */
static int print_points(struct session *session, struct wire_fault *fault)
{
	const struct cli_trace_points *points = &session->points;
	int error = 0;
	for (size_t from = 0, end; from < points->count && !error && !is_complete(session); from = end) {
		int64_t since_ns;
		for (end = from + 1; end < points->count; end++)
			if (before(points->list[end].time_ns, 2 * session->window_ns) >
			    points->list[end - 1].time_ns)
				break;
		int64_t until_ns = points->list[end - 1].time_ns;
		error = find_beginning(session, points->list[from].time_ns, until_ns, &since_ns, fault);
		struct pass pass = {
		    .session = session, .purpose = TO_PRINT, .by_points = true, .until_ns = until_ns};
		if (!error)
			error = run_pass(&pass, since_ns, fault);
	}
	return error;
}

/* ---- conversations of whatever is chosen, in one pass ---- */

static int print_all(struct session *session, bool can_read_twice, struct wire_fault *fault)
{
	int64_t since_ns = INT64_MIN;
	int error = 0;
	if (session->points.count > 0)
		since_ns = before(session->points.list[0].time_ns, session->window_ns);
	if (can_read_twice && session->evidence & 1u << TRACE_INFERRED) {
		struct pass learning = {.session = session,
					.purpose = TO_LEARN,
					.until_ns = INT64_MAX,
					.max_events = LEARNED_EVENTS};
		error = run_pass(&learning, since_ns, fault);
	}
	struct pass pass = {.session = session, .purpose = TO_PRINT, .until_ns = INT64_MAX};
	return error || session->is_stopped ? error : run_pass(&pass, since_ns, fault);
}

/* ---- where to read ---- */

static bool are_logs(const struct cli_operands *inputs)
{
	for (int i = 0; i < inputs->len; i++)
		if (cli_log_is_capture(inputs->values[i]))
			return false;
	return true;
}

/* Where the first message that passes the filter lies. 0, or a negative code with *fault. */
static int find_first(struct session *session, struct wire_fault *fault)
{
	const struct cli_operands *logs = &session->trace->logs;
	const struct store_reader_options reading = {.filter = session->choice.filter, .in_time_order = true};
	struct store_merge *merge;
	struct wire_event event;
	int status = cli_inputs_open(&merge, logs, &reading, fault);
	if (status < 0)
		return status;
	do
		status = store_merge_next(merge, &event, fault);
	while (status > 0 && event.kind != WIRE_EVENT_MESSAGE && event.kind != WIRE_EVENT_DELIVERY);
	uint32_t input = wire_source_origin(store_merge_source(merge));
	store_merge_close(merge);
	if (status <= 0)
		return status;
	const struct cli_operands log = {.values = &logs->values[input], .len = 1};
	return cli_trace_points_seq(&session->points, &log, event.seq, fault);
}

static int find_points(struct session *session, struct wire_fault *fault)
{
	const struct cli_operands *logs = &session->trace->logs;
	int error = 0;
	for (size_t i = 0; i < session->choice.seqs_len && !error; i++)
		error = cli_trace_points_seq(&session->points, logs, session->choice.seqs[i], fault);
	if (!error && session->settings->ids.len > 0)
		error = cli_trace_points_ids(&session->points, logs, &session->settings->ids, fault);
	if (!error && session->points.count == 0 && !session->settings->seqs.len &&
	    !session->settings->ids.len)
		error = find_first(session, fault);
	if (!error && cli_trace_points_sort(&session->points) != 0)
		error = out_of_memory(fault);
	return error;
}

/* A window that is short enough for a busy log. */
static void choose_window(struct session *session)
{
	session->window_ns = WINDOW_NS;
	if (session->settings->window_ms > 0) {
		session->window_ns = session->settings->window_ms * 1000000;
	} else if (session->points.events_per_second > WINDOW_EVENTS / (WINDOW_NS / 1e9)) {
		session->window_ns = (int64_t)(WINDOW_EVENTS / session->points.events_per_second * 1e9);
		if (session->window_ns < WINDOW_MIN_NS)
			session->window_ns = WINDOW_MIN_NS;
	}
}

static int print_conversations(struct session *session, struct wire_fault *fault)
{
	const bool are_files = are_logs(&session->trace->logs);
	const bool follows = session->trace->settings->follow;
	const bool has_places = session->settings->seqs.len + session->settings->ids.len > 0;
	int error =
	    are_files && !(follows && session->settings->ids.len > 0) ? find_points(session, fault) : 0;
	if (error)
		return error;
	choose_window(session);
	if (are_files && !follows && has_places && store_filter_is_empty(session->choice.filter))
		return print_points(session, fault);
	return print_all(session, are_files && !follows, fault);
}

/* ---- the run ---- */

static int report_nothing(const struct session *session)
{
	const struct cli_trace_conversation_settings *settings = session->settings;
	if (session->chosen > 0 || session->is_stopped)
		return CLI_DONE;
	if (settings->seqs.len > 0)
		cli_error(session->trace->command, "there is no message with this sequence number");
	else if (settings->ids.len > 0)
		cli_error(session->trace->command, "no message holds the value");
	else
		cli_error(session->trace->command, "no message passes the filter");
	return settings->seqs.len + settings->ids.len > 0 ? CLI_FOUND : CLI_DONE;
}

static void report_memory(const struct session *session)
{
	char messages[CLI_SIZE_TEXT], cut[CLI_SIZE_TEXT];
	if (session->stats.forgotten > 0)
		cli_error(
		    session->trace->command,
		    "%s messages were given up early because memory was short, and %s conversations were cut "
		    "short; raise --memory",
		    cli_count_text(messages, session->stats.forgotten),
		    cli_count_text(cut, session->stats.cut_short));
}

static int report(struct session *session, int error, const struct wire_fault *fault)
{
	int output = cli_write_status(session->trace->command, cli_out_flush(&session->out));
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

static int run(struct session *session)
{
	const struct cli_trace_settings *settings = session->trace->settings;
	struct wire_fault fault = {0};
	session->interrupt_fd = cli_interrupt_open();
	session->text = (struct cli_conversation_text_options){
	    .color = cli_color_wanted((enum cli_color_choice)settings->color, STDOUT_FILENO),
	    .utc = settings->filters.utc,
	    .columns = cli_terminal_columns(STDOUT_FILENO)};
	session->causality = trace_causality_open();
	int ready = cli_out_init(&session->out, STDOUT_FILENO);
	if (ready == 0)
		ready = cli_json_printer_init(&session->json, true);
	if (ready != 0 || !session->causality || session->interrupt_fd < 0) {
		cli_error(session->trace->command, "cannot start: out of memory or of file descriptors");
		return CLI_IO;
	}
	int error = print_conversations(session, &fault);
	return report(session, error, &fault);
}

static void fini(struct session *session)
{
	if (session->interrupt_fd >= 0)
		close(session->interrupt_fd);
	cli_out_fini(&session->out);
	cli_json_printer_fini(&session->json);
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

static int choose_evidence(struct session *session)
{
	const struct cli_trace_conversation_settings *settings = session->settings;
	int status = CLI_GO_ON;
	for (size_t i = 0; i < settings->evidence.len && status == CLI_GO_ON; i++)
		status =
		    add_evidence(session->trace->command, settings->evidence.values[i], &session->evidence);
	if (settings->evidence.len == 0)
		session->evidence = TRACE_ALL_EVIDENCE;
	if (settings->no_inferred)
		session->evidence &= ~(1u << TRACE_INFERRED);
	return status;
}

/* The keys of the command line and those that are remembered. */
static int choose_keys(struct session *session)
{
	const struct cli_command *command = session->trace->command;
	const struct cli_list *given = &session->settings->keys;
	struct wire_fault fault = {0};
	session->keys = trace_keys_open();
	int error = session->keys ? 0 : out_of_memory(&fault);
	for (size_t i = 0; i < given->len && !error; i++)
		error = trace_keys_add(session->keys, given->values[i], &fault);
	if (error == -EINVAL)
		return cli_usage_error(command, "%s", fault.text);
	if (session->settings->forget_keys)
		cli_trace_keys_forget(command, &session->trace->logs);
	if (!error)
		error = cli_trace_keys_load(command, &session->trace->logs, session->keys, &fault);
	if (error)
		return cli_log_error(command, &fault);
	cli_trace_keys_remember(command, &session->trace->logs, given);
	return CLI_GO_ON;
}

int cli_trace_conversations(const struct cli_trace_run *trace,
			    const struct cli_trace_conversation_settings *settings)
{
	struct session session = {.trace = trace, .settings = settings, .interrupt_fd = -1};
	int status = cli_trace_choice_init(&session.choice, trace, settings);
	if (status == CLI_GO_ON)
		status = choose_evidence(&session);
	if (status == CLI_GO_ON)
		status = choose_keys(&session);
	if (status == CLI_GO_ON)
		status = run(&session);
	fini(&session);
	return status;
}
