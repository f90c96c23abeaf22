#include "trace/conversations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/conversation/handling.h"
#include "trace/conversation/link.h"
#include "trace/conversation/node.h"
#include "trace/conversation/reply.h"
#include "trace/conversation/same_value.h"
#include "trace/conversation/stream.h"
#include "trace/jetstream.h"

enum {
	CLIENTS_BYTES_MAX = 64 << 20,
	DELIVERIES_SHARE = 4, /* deliveries get one such part of the memory */
	LOOKED_AT_MAX = 64,   /* conversations, for one to be ended early */
};

/* ---- life ---- */

struct trace_conversations *trace_conversations_open(const struct trace_conversations_options *options)
{
	struct trace_conversations *conversations = calloc(1, sizeof *conversations);
	if (!conversations)
		return NULL;
	conversations->options = *options;
	conversations->fold.tokens = true;
	trace__deliveries_init(&conversations->deliveries, options->memory_bytes / DELIVERIES_SHARE);
	conversations->id_counts = calloc(TRACE__ID_COUNTS, sizeof *conversations->id_counts);
	int error =
	    trace_clients_init(&conversations->clients, options->source, TRACE_BY_NAME, CLIENTS_BYTES_MAX);
	trace_causality_begin_pass(options->causality);
	if (!error && conversations->id_counts)
		return conversations;
	trace_conversations_close(conversations);
	return NULL;
}

void trace_conversations_close(struct trace_conversations *conversations)
{
	if (!conversations)
		return;
	while (conversations->oldest)
		trace__end(conversations, conversations->oldest);
	trace__mentions_fini(&conversations->mentions);
	trace__deliveries_fini(&conversations->deliveries);
	trace_clients_fini(&conversations->clients);
	free(conversations->id_counts);
	free(conversations);
}

/* ---- the end of a conversation ---- */

static void end(struct trace_conversations *conversations, struct trace_conversation *conversation)
{
	if (conversation->is_chosen && conversations->options.done)
		conversations->options.done(conversations->options.context, conversations, conversation);
	trace__end(conversations, conversation);
}

/* Only bytes that the end of a conversation frees count. */
static bool has_too_many(const struct trace_conversations *conversations)
{
	size_t max = conversations->options.memory_bytes - conversations->deliveries.bytes_max;
	return conversations->oldest && conversations->bytes + conversations->mentions.bytes > max;
}

/* The oldest one that nobody asked about, if there is one near the oldest end of the list. */
static struct trace_conversation *find_expendable(const struct trace_conversations *conversations)
{
	struct trace_conversation *conversation = conversations->oldest;
	for (int i = 0; i < LOOKED_AT_MAX && conversation && conversation->is_chosen; i++)
		conversation = conversation->newer;
	return conversation && !conversation->is_chosen ? conversation : conversations->oldest;
}

/* End conversations early until the memory suffices. */
static void shrink(struct trace_conversations *conversations)
{
	while (has_too_many(conversations)) {
		struct trace_conversation *expendable = find_expendable(conversations);
		expendable->is_cut_short = true;
		conversations->stats.forgotten += expendable->count;
		conversations->stats.cut_short += expendable->is_chosen;
		end(conversations, expendable);
	}
}

void trace_conversations_read_to(struct trace_conversations *conversations, int64_t now_ns)
{
	if (now_ns > conversations->now_ns)
		conversations->now_ns = now_ns;
	int64_t ended_ns = store_time_minus(conversations->now_ns, conversations->options.window_ns);
	while (conversations->oldest && conversations->oldest->last_ns < ended_ns)
		end(conversations, conversations->oldest);
}

void trace_conversations_finish(struct trace_conversations *conversations)
{
	while (conversations->oldest)
		end(conversations, conversations->oldest);
}

/* ---- events ---- */

static void note_gap(struct trace_conversations *conversations, const struct wire_event *event)
{
	struct trace_gap *gap = &conversations->gaps[conversations->gaps_count++ % TRACE__GAPS_MAX];
	int64_t step_ns = store_time_minus(event->steady_ns, event->time_ns);
	const bool has_span = event->from_ns != 0 || event->to_ns != 0;
	*gap = (struct trace_gap){
	    .from_ns = has_span ? store_time_plus(event->from_ns, step_ns) : event->steady_ns,
	    .to_ns = has_span ? store_time_plus(event->to_ns, step_ns) : event->steady_ns,
	    .messages = event->lost_messages,
	    .from_seq = event->from_seq,
	    .to_seq = event->to_seq};
	snprintf(gap->text, sizeof gap->text, "%.*s", (int)event->text.len,
		 event->text.data ? event->text.data : "");
}

/* Reply first: it says what the node is about. Inference last: other evidence makes it needless. */
static int link_node(struct trace_conversations *conversations, struct trace_node *node)
{
	int error = trace__reply_link(conversations, node);
	error = error ? error : trace__stream_link(conversations, node);
	error = error ? error : trace__same_value_link(conversations, node);
	error = error ? error : trace__handling_link(conversations, node);
	return error ? error : trace__handling_begin(conversations, node);
}

static int add_message(struct trace_conversations *conversations, const struct wire_event *event,
		       bool is_chosen)
{
	struct trace_node *node = trace__node_open(event, &conversations->clients);
	if (!node)
		return -ENOMEM;
	node->is_chosen = is_chosen;
	conversations->stats.messages++;
	if (trace__begin(conversations, node) != 0) {
		trace__node_close(node);
		return -ENOMEM;
	}
	int error = link_node(conversations, node);
	shrink(conversations);
	return error;
}

int trace_conversations_add(struct trace_conversations *conversations, const struct wire_event *event,
			    bool is_chosen)
{
	trace_conversations_read_to(conversations, event->steady_ns);
	switch (event->kind) {
	case WIRE_EVENT_MESSAGE:
	case WIRE_EVENT_DELIVERY: return add_message(conversations, event, is_chosen);
	case WIRE_EVENT_DISCONNECT:
		trace__deliveries_drop(&conversations->deliveries,
				       trace_clients_number(&conversations->clients, event->conn));
		return 0;
	case WIRE_EVENT_CONNECT: trace_clients_add(&conversations->clients, event); return 0;
	case WIRE_EVENT_GAP: note_gap(conversations, event); return 0;
	default: return 0;
	}
}

/* ---- questions ---- */

uint32_t trace_conversations_chosen(const struct trace_conversations *conversations)
{
	return conversations->chosen;
}

size_t trace_conversations_gaps(const struct trace_conversations *conversations, int64_t from_ns,
				int64_t to_ns, const struct trace_gap **gaps, size_t max)
{
	uint64_t at =
	    conversations->gaps_count > TRACE__GAPS_MAX ? conversations->gaps_count - TRACE__GAPS_MAX : 0;
	size_t count = 0;
	for (; at < conversations->gaps_count && count < max; at++) {
		const struct trace_gap *gap = &conversations->gaps[at % TRACE__GAPS_MAX];
		if (gap->from_ns <= to_ns && gap->to_ns >= from_ns)
			gaps[count++] = gap;
	}
	return count;
}

const struct trace_clients *trace_conversations_clients(const struct trace_conversations *conversations)
{
	return &conversations->clients;
}

void trace_conversations_stats(const struct trace_conversations *conversations,
			       struct trace_conversations_stats *stats)
{
	*stats = conversations->stats;
}

const char *trace_evidence_name(enum trace_evidence evidence)
{
	static const char *const names[TRACE_EVIDENCE_COUNT] = {"reply", "stream", "trace-context", "key",
								"inferred"};
	return names[evidence];
}

bool trace_node_has_no_responders(const struct trace_node *node)
{
	bool is_nobodys = node->no_responders || trace__node_is_nobodys_request(node);
	return is_nobodys && node->replies == 0 && !node->is_answered_elsewhere;
}

bool trace_node_is_unanswered(const struct trace_node *node)
{
	return node->event.kind == WIRE_EVENT_MESSAGE && node->event.reply.len > 0 && node->replies == 0 &&
	       !node->no_responders && !trace_node_has_no_responders(node) && !node->is_answered_elsewhere &&
	       !node->conversation->is_cut_short && !trace_is_ack_subject(node->event.reply);
}
