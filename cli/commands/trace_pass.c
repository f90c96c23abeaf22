#include "cli/commands/trace_pass.h"

#include <errno.h>

#include "cli/commands/interrupt.h"
#include "cli/options/joining.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"
#include "store/read/steps.h"

enum {
	EVENTS_PER_LOOK = 4096, /* between two looks for Ctrl-C */
	WAIT_MS = 100,
};

static const double SCORE_MIN = 0.5;

/* ---- a conversation has ended ---- */

static void note_earliest(struct cli_trace_session *session, const struct trace_conversation *conversation)
{
	for (const struct trace_node *node = conversation->nodes; node; node = node->next)
		if (node->event.time_ns < session->earliest_ns)
			session->earliest_ns = node->event.time_ns;
}

/* A gap after the last message may hold the reply that a request did not get. */
static int64_t end_ns(const struct cli_trace_session *session, const struct trace_conversation *conversation)
{
	for (const struct trace_node *node = conversation->nodes; node; node = node->next)
		if (trace_node_is_unanswered(node))
			return store_time_plus(conversation->last_ns, session->window_ns);
	return conversation->last_ns;
}

static void give_conversation(struct cli_trace_session *session, struct trace_conversations *conversations,
			      struct trace_conversation *ended)
{
	struct export_conversation conversation = {.clients = trace_conversations_clients(conversations),
						   .window_ns = session->window_ns,
						   .is_cut_short = ended->is_cut_short,
						   .input_names = session->trace->logs.values,
						   .inputs = session->trace->logs.len};
	conversation.gaps_len =
	    trace_conversations_gaps(conversations, ended->first_ns, end_ns(session, ended),
				     conversation.gaps, EXPORT_CONVERSATION_GAPS_MAX);
	if (trace_tree_init(&conversation.tree, ended) != 0) {
		cli_error(session->trace->command, "out of memory: a conversation is left out");
		return;
	}
	session->give(session, &conversation);
	trace_tree_fini(&conversation.tree);
	session->given++;
}

bool cli_trace_is_complete(const struct cli_trace_session *session)
{
	uint64_t limit = session->trace->settings->limit;
	return (limit > 0 && session->given >= limit) || session->out.error != 0 || session->is_stopped;
}

static void done(void *context, struct trace_conversations *conversations,
		 struct trace_conversation *conversation)
{
	struct cli_trace_pass *pass = context;
	if (pass->purpose == CLI_TRACE_TO_LEARN)
		note_earliest(pass->session, conversation);
	else if (!cli_trace_is_complete(pass->session))
		give_conversation(pass->session, conversations, conversation);
}

/* ---- a pass ---- */

int cli_trace_out_of_memory(struct wire_fault *fault)
{
	return wire_fault_set(fault, -ENOMEM, "out of memory");
}

/* Open the inputs from a time on. */
static int open_pass(struct cli_trace_pass *pass, int64_t since_ns, bool follow, struct wire_fault *fault)
{
	struct cli_trace_session *session = pass->session;
	pass->filter = store_filter_open();
	if (!pass->filter)
		return cli_trace_out_of_memory(fault);
	if (since_ns != INT64_MIN)
		store_filter_since(pass->filter, store_time_minus(since_ns, session->set_ns));
	const struct store_reader_options reading = {
	    .filter = pass->filter,
	    .payloads = true,
	    .in_time_order = true,
	    .steady = !follow,
	    .follow = follow,
	    .progress = follow ? NULL : &session->trace->screen->progress.base};
	cli_progress_begin(&session->trace->screen->progress);
	int error = cli_joining_open(&pass->inputs, &session->trace->logs, &reading,
				     session->trace->settings->no_join, fault);
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
	return pass->conversations ? 0 : cli_trace_out_of_memory(fault);
}

static void add_stats(struct cli_trace_session *session, const struct trace_conversations *conversations)
{
	struct trace_conversations_stats stats;
	trace_conversations_stats(conversations, &stats);
	session->stats.messages += stats.messages;
	session->stats.forgotten += stats.forgotten;
	session->stats.cut_short += stats.cut_short;
}

void cli_trace_note_damage(struct cli_trace_session *session, const struct wire_damage *damage)
{
	if (damage->places + damage->deleted_places > session->damage.places + session->damage.deleted_places)
		session->damage = *damage;
}

static void close_pass(struct cli_trace_pass *pass)
{
	struct cli_trace_session *session = pass->session;
	if (pass->conversations && pass->purpose == CLI_TRACE_TO_GIVE)
		add_stats(session, pass->conversations);
	if (pass->inputs && pass->purpose == CLI_TRACE_TO_GIVE) {
		struct wire_damage damage;
		store_merge_damage(pass->inputs, &damage);
		cli_trace_note_damage(session, &damage);
	}
	trace_conversations_close(pass->conversations);
	store_merge_close(pass->inputs);
	store_filter_close(pass->filter);
}

/* The event is one of those that were found before, or a delivery that was has joined it. */
static bool is_point(const struct cli_trace_pass *pass, const struct wire_event *event)
{
	const struct cli_trace_points *points = &pass->session->points;
	const struct store_cluster *cluster = store_merge_cluster(pass->inputs);
	uint32_t input = wire_source_origin(store_merge_source(pass->inputs));
	uint64_t seq = event->seq;
	bool is_found = cli_trace_points_hold(points, input, seq);
	for (uint32_t i = 0; cluster && !is_found && store_cluster_joined(cluster, i, &input, &seq); i++)
		is_found = cli_trace_points_hold(points, input, seq);
	return is_found;
}

static bool is_chosen(const struct cli_trace_pass *pass, const struct wire_event *event)
{
	struct cli_trace_session *session = pass->session;
	struct wire_source *source = store_merge_source(pass->inputs);
	if (event->kind != WIRE_EVENT_MESSAGE && event->kind != WIRE_EVENT_DELIVERY)
		return false; /* a gap has the number of what is missing */
	bool chosen =
	    pass->by_points ? is_point(pass, event) : cli_trace_choice_holds(&session->choice, source, event);
	session->chosen += chosen && pass->purpose == CLI_TRACE_TO_GIVE;
	return chosen;
}

/* Times go backwards where a clock was set back. The logs of a cluster are in order by the clock of the first one, not by
 * their own. */
static int64_t slack_ns(const struct cli_trace_pass *pass)
{
	return store_time_plus(pass->session->set_ns,
			       store_merge_cluster(pass->inputs) ? STORE_CLUSTER_WINDOW_NS : 0);
}

/* Nothing more can come that is wanted. */
static bool is_over(struct cli_trace_pass *pass)
{
	struct cli_trace_session *session = pass->session;
	if (cli_trace_is_complete(session) || (pass->max_events > 0 && pass->events >= pass->max_events))
		return true;
	if (store_time_minus(pass->now_ns, slack_ns(pass)) > pass->until_ns &&
	    trace_conversations_chosen(pass->conversations) == 0)
		return true;
	if (pass->events % EVENTS_PER_LOOK == 0)
		session->is_stopped = cli_interrupt_seen(session->interrupt_fd);
	return session->is_stopped;
}

static int add(struct cli_trace_pass *pass, struct wire_event *event)
{
	const bool chosen = is_chosen(pass, event);
	const size_t payload_max = pass->session->payload_max;
	if (payload_max > 0 && event->payload.len > payload_max)
		event->payload.len = payload_max;
	return trace_conversations_add(pass->conversations, event, chosen);
}

/* Read on. 0 at the end of what there is, 1 when there is a reason to stop, or a negative code with *fault. */
static int read_events(struct cli_trace_pass *pass, struct wire_fault *fault)
{
	struct wire_event event;
	int status;
	while ((status = store_merge_next(pass->inputs, &event, fault)) > 0) {
		if (pass->events++ == 0)
			pass->session->first_ns = event.time_ns;
		pass->now_ns = event.time_ns;
		if (add(pass, &event) != 0)
			return cli_trace_out_of_memory(fault);
		if (is_over(pass))
			return 1;
	}
	return status;
}

/* Go on with what is written to the logs. 0, or a negative code with *fault. */
static int follow(struct cli_trace_pass *pass, struct wire_fault *fault)
{
	struct cli_trace_session *session = pass->session;
	int status;
	while ((status = read_events(pass, fault)) == 0) {
		trace_conversations_read_to(pass->conversations,
					    store_time_minus(cli_now_ns(), CLI_TRACE_WINDOW_MIN_NS));
		session->is_stopped = cli_interrupt_seen(session->interrupt_fd);
		if (export_out_flush(&session->out) != 0 || cli_trace_is_complete(session))
			return 0;
		store_merge_wait(pass->inputs, WAIT_MS);
	}
	return status < 0 ? status : 0;
}

int cli_trace_pass_run(struct cli_trace_pass *pass, int64_t since_ns, struct wire_fault *fault)
{
	const bool follows = pass->session->trace->settings->follow && pass->purpose == CLI_TRACE_TO_GIVE;
	int status = open_pass(pass, since_ns, follows, fault);
	if (status == 0)
		status = follows ? follow(pass, fault) : read_events(pass, fault);
	if (pass->conversations)
		trace_conversations_finish(pass->conversations);
	close_pass(pass);
	return status < 0 ? status : 0;
}
