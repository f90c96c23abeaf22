#include "trace/conversation/link.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/conversation/node.h"

/* ---- the list, by the time of the last message ---- */

static void unlist(struct trace_conversations *conversations, struct trace_conversation *conversation)
{
	if (conversation->older)
		conversation->older->newer = conversation->newer;
	else
		conversations->oldest = conversation->newer;
	if (conversation->newer)
		conversation->newer->older = conversation->older;
	else
		conversations->newest = conversation->older;
	conversations->chosen -= conversation->is_chosen;
}

static void list_as_newest(struct trace_conversations *conversations, struct trace_conversation *conversation)
{
	conversation->older = conversations->newest;
	conversation->newer = NULL;
	if (conversations->newest)
		conversations->newest->newer = conversation;
	else
		conversations->oldest = conversation;
	conversations->newest = conversation;
	conversations->chosen += conversation->is_chosen;
}

int trace__begin(struct trace_conversations *conversations, struct trace_node *node)
{
	struct trace_conversation *conversation = calloc(1, sizeof *conversation);
	if (!conversation)
		return -ENOMEM;
	*conversation = (struct trace_conversation){.nodes = node,
						    .count = 1,
						    .first_ns = node->event.steady_ns,
						    .last_ns = node->event.steady_ns,
						    .is_chosen = node->is_chosen};
	node->conversation = conversation;
	conversations->bytes += node->bytes + sizeof *conversation;
	list_as_newest(conversations, conversation);
	return 0;
}

void trace__end(struct trace_conversations *conversations, struct trace_conversation *conversation)
{
	unlist(conversations, conversation);
	for (struct trace_node *node = conversation->nodes, *next; node; node = next) {
		next = node->next;
		conversations->bytes -= node->bytes;
		trace__mentions_remove(&conversations->mentions, node);
		trace__deliveries_remove(&conversations->deliveries, node);
		trace__node_close(node);
	}
	conversations->bytes -= sizeof *conversation;
	free(conversation);
}

/* ---- edges ---- */

/* Move all nodes of the smaller conversation to the larger. */
static void unite(struct trace_conversations *conversations, struct trace_conversation *a,
		  struct trace_conversation *b)
{
	struct trace_conversation *kept = a->count >= b->count ? a : b, *gone = kept == a ? b : a;
	struct trace_node *last = gone->nodes;
	unlist(conversations, a);
	unlist(conversations, b);
	for (struct trace_node *node = gone->nodes; node; node = node->next) {
		node->conversation = kept;
		last = node;
	}
	last->next = kept->nodes;
	kept->nodes = gone->nodes;
	kept->count += gone->count;
	kept->is_chosen |= gone->is_chosen;
	kept->first_ns = gone->first_ns < kept->first_ns ? gone->first_ns : kept->first_ns;
	kept->last_ns = gone->last_ns > kept->last_ns ? gone->last_ns : kept->last_ns;
	conversations->bytes -= sizeof *gone;
	free(gone);
	list_as_newest(conversations, kept);
}

static struct trace_edge *find_edge(const struct trace_node *from, const struct trace_node *to,
				    enum trace_evidence evidence)
{
	struct trace_edge *edge = to->causes;
	while (edge && (edge->from != from || edge->evidence != evidence))
		edge = edge->next;
	return edge;
}

int trace__link(struct trace_conversations *conversations, struct trace_node *from, struct trace_node *to,
		enum trace_evidence evidence, double score)
{
	if (from == to || find_edge(from, to, evidence))
		return 0;
	struct trace_edge *edge = malloc(sizeof *edge);
	if (!edge)
		return -ENOMEM;
	*edge = (struct trace_edge){.next = to->causes, .from = from, .evidence = evidence, .score = score};
	to->causes = edge;
	to->bytes += sizeof *edge;
	conversations->bytes += sizeof *edge;
	if (from->conversation != to->conversation)
		unite(conversations, from->conversation, to->conversation);
	return 0;
}

bool trace__has_cause(const struct trace_node *node, enum trace_evidence evidence)
{
	for (const struct trace_edge *edge = node->causes; edge; edge = edge->next)
		if (edge->evidence == evidence)
			return true;
	return false;
}

struct trace_node *trace__request_of(const struct trace_node *node)
{
	for (const struct trace_edge *edge = node->causes; edge; edge = edge->next)
		if (edge->evidence == TRACE_REPLY)
			return edge->from;
	return NULL;
}

int trace__remember(struct trace_conversations *conversations, struct trace_node *node,
		    enum trace__mention_kind kind, uint64_t hash)
{
	return trace__mentions_add(&conversations->mentions, node, kind, hash) ? 0 : -ENOMEM;
}
