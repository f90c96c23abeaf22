#include "trace/conversation/same_value.h"

#include <ctype.h>
#include <errno.h>

#include "trace/conversation/link.h"
#include "trace/conversation/node.h"
#include "trace/trace_context.h"
#include "wire/headers.h"

enum { LOOKED_AT_MAX = 512 /* messages with the same value */ };

/* Scores of a cause that the publisher got; that it published itself; that is known by the value alone. */
static const double SCORE_RECEIVED = 1, SCORE_OWN = 0.5, SCORE_FIRST = 0.3;

struct cause {
	struct trace_node *node;
	double score;
};

/* The node's publisher got the message, or the server's "no responders" for it. */
static bool came_to(const struct trace_node *message, const struct trace_node *node)
{
	bool is_own = node->publisher != TRACE_NO_CLIENT && message->publisher == node->publisher;
	return trace__node_was_delivered_to(message, node->publisher) ||
	       (is_own && trace__node_is_nobodys_request(message));
}

/* The newest message with the value that the node's publisher got, or that it published; else the first one. */
static struct cause find_cause(const struct trace_conversations *conversations, const struct trace_node *node,
			       uint64_t hash)
{
	struct trace__mention *newest = trace__mentions_newest(&conversations->mentions, hash);
	struct trace_node *own = NULL;
	size_t looked_at = 0;
	for (struct trace__mention *mention = newest; mention && looked_at++ < LOOKED_AT_MAX;
	     mention = mention->older) {
		if (mention->node == node)
			continue;
		if (came_to(mention->node, node))
			return (struct cause){mention->node, SCORE_RECEIVED};
		if (!own && node->publisher != TRACE_NO_CLIENT && mention->node->publisher == node->publisher)
			own = mention->node;
	}
	if (own)
		return (struct cause){own, SCORE_OWN};
	struct trace_node *first = newest ? trace__mentions_oldest(newest)->node : NULL;
	return first && first != node ? (struct cause){first, SCORE_FIRST} : (struct cause){0};
}

/* The better one of two causes by different values: the surer, then the later. */
static struct cause better(struct cause a, struct cause b)
{
	if (!a.node || !b.node || a.score != b.score)
		return !a.node || (b.node && b.score > a.score) ? b : a;
	return b.node->event.steady_ns > a.node->event.steady_ns ? b : a;
}

/* The node mentions the hash already, or as much of the kind as it may. */
static bool needs_no_more(const struct trace_node *node, enum trace__mention_kind kind, uint64_t hash)
{
	size_t count = 0;
	for (const struct trace__mention *mention = node->mentions; mention;
	     mention = mention->next_of_node) {
		count += mention->kind == kind;
		if (mention->kind == kind && mention->group->hash == hash)
			return true;
	}
	return count >= TRACE_KEY_VALUES_MAX;
}

/* A reply belongs to the values of its request, too, which it need not carry itself. */
static int inherit(struct trace_conversations *conversations, struct trace_node *node,
		   enum trace__mention_kind kind)
{
	const struct trace_node *request = trace__request_of(node);
	int error = 0;
	for (const struct trace__mention *mention = request ? request->mentions : NULL; mention && !error;
	     mention = mention->next_of_node)
		if (mention->kind == kind && !needs_no_more(node, kind, mention->group->hash))
			error = trace__remember(conversations, node, kind, mention->group->hash);
	return error;
}

/* Link with the cause by these values, if there is one, and remember them. */
static int link_by(struct trace_conversations *conversations, struct trace_node *node,
		   enum trace__mention_kind kind, const uint64_t *hashes, size_t count,
		   enum trace_evidence evidence)
{
	struct cause cause = {0};
	for (size_t i = 0; i < count; i++)
		cause = better(cause, find_cause(conversations, node, hashes[i]));
	int error = cause.node ? trace__link(conversations, cause.node, node, evidence, cause.score) : 0;
	for (size_t i = 0; i < count && !error; i++)
		error = trace__remember(conversations, node, kind, hashes[i]);
	return error;
}

/* ---- trace context ---- */

static uint64_t hash_of(enum trace__mention_kind kind, struct wire_slice trace, struct wire_slice span)
{
	char text[128];
	size_t len = 0;
	for (size_t i = 0; i < trace.len; i++)
		text[len++] = (char)tolower((unsigned char)trace.data[i]);
	text[len++] = '-';
	for (size_t i = 0; i < span.len; i++)
		text[len++] = (char)tolower((unsigned char)span.data[i]);
	return trace__mention_hash(kind, wire_slice(text, len));
}

/* The message whose span the context names as its parent; otherwise one of the same trace. */
static int link_context(struct trace_conversations *conversations, struct trace_node *node,
			const struct trace_context *context)
{
	const uint64_t trace = hash_of(TRACE__TRACE_ID, context->trace, (struct wire_slice){0});
	const uint64_t parent = hash_of(TRACE__SPAN_ID, context->trace, context->parent);
	const struct trace__mention *mention =
	    context->parent.len > 0 ? trace__mentions_newest(&conversations->mentions, parent) : NULL;
	int error = 0;
	if (!mention)
		error = link_by(conversations, node, TRACE__TRACE_ID, &trace, 1, TRACE_TRACE_CONTEXT);
	else if ((error = trace__link(conversations, mention->node, node, TRACE_TRACE_CONTEXT, 1)) == 0)
		error = trace__remember(conversations, node, TRACE__TRACE_ID, trace);
	return error ? error
		     : trace__remember(conversations, node, TRACE__SPAN_ID,
				       hash_of(TRACE__SPAN_ID, context->trace, context->span));
}

/* The server publishes its own trace of a message to the subject that the header Nats-Trace-Dest of the message names. */
static int link_server_trace(struct trace_conversations *conversations, struct trace_node *node)
{
	struct wire_slice destination;
	const struct trace__mention *traced = trace__mentions_newest(
	    &conversations->mentions, trace__mention_hash(TRACE__TRACE_DEST, node->event.subject));
	int error = 0;
	if (traced)
		error = trace__link(conversations, traced->node, node, TRACE_TRACE_CONTEXT,
				    traced->older ? SCORE_OWN : 1);
	if (error || node->event.headers.len == 0 ||
	    !wire_headers_get(node->event.headers, WIRE_LITERAL("Nats-Trace-Dest"), &destination))
		return error;
	return trace__remember(conversations, node, TRACE__TRACE_DEST,
			       trace__mention_hash(TRACE__TRACE_DEST, destination));
}

/* ---- keys ---- */

static int link_keys(struct trace_conversations *conversations, struct trace_node *node)
{
	struct wire_slice values[TRACE_KEY_VALUES_MAX];
	uint64_t hashes[TRACE_KEY_VALUES_MAX];
	size_t count = trace_keys_values(conversations->options.keys, &node->event, values);
	for (size_t i = 0; i < count; i++)
		hashes[i] = trace__mention_hash(TRACE__KEY_VALUE, values[i]);
	int error = link_by(conversations, node, TRACE__KEY_VALUE, hashes, count, TRACE_KEY);
	return error ? error : inherit(conversations, node, TRACE__KEY_VALUE);
}

int trace__same_value_link(struct trace_conversations *conversations, struct trace_node *node)
{
	struct trace_context context;
	int error = 0;
	if (trace__is_wanted(conversations, TRACE_TRACE_CONTEXT)) {
		error = link_server_trace(conversations, node);
		if (!error && trace_context_read(&context, node->event.headers))
			error = link_context(conversations, node, &context);
		if (!error)
			error = inherit(conversations, node, TRACE__TRACE_ID);
	}
	if (!error && trace__is_wanted(conversations, TRACE_KEY))
		error = link_keys(conversations, node);
	return error;
}
