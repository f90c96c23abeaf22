#include "trace/conversation/tree.h"

#include <errno.h>
#include <stdlib.h>

static int by_time(const void *a, const void *b)
{
	const struct trace_node *x = ((const struct trace_branch *)a)->node;
	const struct trace_node *y = ((const struct trace_branch *)b)->node;
	if (x->event.steady_ns != y->event.steady_ns)
		return x->event.steady_ns < y->event.steady_ns ? -1 : 1;
	if (x->origin != y->origin)
		return x->origin < y->origin ? -1 : 1;
	return (x->event.seq > y->event.seq) - (x->event.seq < y->event.seq);
}

static uint32_t index_of(const struct trace_tree *tree, struct trace_node *node)
{
	const struct trace_branch wanted = {.node = node};
	const struct trace_branch *found =
	    bsearch(&wanted, tree->branches, tree->count, sizeof wanted, by_time);
	return found ? (uint32_t)(found - tree->branches) : TRACE_NO_NODE;
}

static bool is_better(const struct trace_edge *edge, const struct trace_edge *than)
{
	if (!than || edge->evidence != than->evidence)
		return !than || edge->evidence < than->evidence;
	return edge->score > than->score;
}

static void find_parent(struct trace_tree *tree, uint32_t at)
{
	struct trace_branch *branch = &tree->branches[at];
	branch->parent = TRACE_NO_NODE;
	for (const struct trace_edge *edge = branch->node->causes; edge; edge = edge->next) {
		if (!is_better(edge, branch->cause))
			continue;
		uint32_t from = index_of(tree, edge->from);
		if (from < at) {
			branch->cause = edge;
			branch->parent = from;
		}
	}
}

/* Backwards, so that each list is by rising time. */
static void make_lists(struct trace_tree *tree)
{
	tree->first_top = TRACE_NO_NODE;
	for (uint32_t at = tree->count; at-- > 0;) {
		struct trace_branch *branch = &tree->branches[at];
		uint32_t *list = branch->parent == TRACE_NO_NODE
				     ? &tree->first_top
				     : &tree->branches[branch->parent].first_child;
		branch->next_sibling = *list;
		*list = at;
	}
}

int trace_tree_init(struct trace_tree *tree, const struct trace_conversation *conversation)
{
	*tree = (struct trace_tree){.branches = calloc(conversation->count, sizeof *tree->branches)};
	if (!tree->branches)
		return -ENOMEM;
	for (struct trace_node *node = conversation->nodes; node; node = node->next)
		tree->branches[tree->count++] =
		    (struct trace_branch){.node = node, .first_child = TRACE_NO_NODE};
	qsort(tree->branches, tree->count, sizeof *tree->branches, by_time);
	for (uint32_t at = 0; at < tree->count; at++)
		find_parent(tree, at);
	make_lists(tree);
	return 0;
}

void trace_tree_fini(struct trace_tree *tree)
{
	free(tree->branches);
	*tree = (struct trace_tree){0};
}
