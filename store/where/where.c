#include "store/where/where.h"

#include <errno.h>
#include <stdlib.h>

#include "store/where/evaluate.h"
#include "store/where/operands.h"
#include "store/where/parse.h"

/* ---- opening and closing ---- */

static void fini_test(struct store__where_test *test)
{
	if (test->path)
		wire_json_path_fini(test->path);
	free(test->path);
	free(test->name);
	free(test->constant.text);
	wire_regex_close(test->regex);
}

void store__where_close(struct store__where *where)
{
	if (!where)
		return;
	for (uint32_t i = 0; i < where->count; i++)
		fini_test(&where->tests[i]);
	free(where->memory);
	free(where);
}

/* ---- from the tree to jumps: the last comparison is placed first, so that each knows where to go on ---- */

struct placing {
	struct store__where *where;
	const struct store__where_tree *tree;
	struct store__where_test *placed; /* the result */
	uint32_t free;                    /* of placed, from the front */
};

static uint32_t cost_of(const struct placing *placing, uint8_t node)
{
	const struct store__where_node *at = &placing->tree->nodes[node];
	if (at->kind == STORE__NODE_TEST) {
		const struct store__where_test *test = &placing->where->tests[at->test];
		return store__operand(test->operand)->cost + (test->regex ? 100 : 0);
	}
	uint32_t cost = 0;
	for (uint8_t child = at->child; child != STORE__WHERE_NO_NODE;
	     child = placing->tree->nodes[child].sibling)
		cost += cost_of(placing, child);
	return cost;
}

/* The children of a node, cheap ones first; equal ones keep their order. Returns how many. */
static uint32_t sort_children(const struct placing *placing, uint8_t node,
			      uint8_t children[STORE__WHERE_TESTS_MAX])
{
	uint32_t count = 0;
	for (uint8_t child = placing->tree->nodes[node].child; child != STORE__WHERE_NO_NODE;
	     child = placing->tree->nodes[child].sibling) {
		uint32_t at = count++;
		for (; at > 0 && cost_of(placing, children[at - 1]) > cost_of(placing, child); at--)
			children[at] = children[at - 1];
		children[at] = child;
	}
	return count;
}

static uint8_t place_test(struct placing *placing, uint8_t test, uint8_t on_true, uint8_t on_false)
{
	struct store__where_test *at = &placing->placed[--placing->free];
	*at = placing->where->tests[test];
	at->needs = store__operand(at->operand)->needs;
	at->on_true = on_true;
	at->on_false = on_false;
	return (uint8_t)placing->free;
}

/* Place the comparisons of a node. Returns the one that is evaluated first. */
static uint8_t place(struct placing *placing, uint8_t node, uint8_t on_true, uint8_t on_false)
{
	const struct store__where_node *at = &placing->tree->nodes[node];
	uint8_t children[STORE__WHERE_TESTS_MAX];
	if (at->is_negated) {
		uint8_t swapped = on_true;
		on_true = on_false;
		on_false = swapped;
	}
	if (at->kind == STORE__NODE_TEST)
		return place_test(placing, at->test, on_true, on_false);
	uint32_t count = sort_children(placing, node, children);
	uint8_t next = place(placing, children[count - 1], on_true, on_false);
	for (uint32_t i = count - 1; i-- > 0;)
		next = at->kind == STORE__NODE_ALL ? place(placing, children[i], next, on_false)
						   : place(placing, children[i], on_true, next);
	return next;
}

static void sum_up(struct store__where *where)
{
	for (uint32_t i = 0; i < where->count; i++) {
		where->needs |= where->tests[i].needs;
		if (where->tests[i].needs == STORE__NEEDS_SUBJECT)
			where->subject_tests |= UINT64_C(1) << i;
	}
}

static int compile(struct store__where *where, struct wire_slice text, const struct store_where_times *times,
		   struct wire_fault *fault)
{
	struct store__where_test placed[STORE__WHERE_TESTS_MAX];
	struct store__where_tree tree = {0};
	int error = store__where_parse(where, &tree, text, times, fault);
	if (error)
		return error;
	struct placing placing = {.where = where, .tree = &tree, .placed = placed, .free = where->count};
	place(&placing, tree.root, STORE__WHERE_ACCEPT, STORE__WHERE_REJECT);
	memcpy(where->tests, placed, where->count * sizeof *placed);
	sum_up(where);
	return 0;
}

int store__where_open(struct store__where **where, struct wire_slice text,
		      const struct store_where_times *times, struct wire_fault *fault)
{
	struct store__where *made = calloc(1, sizeof *made);
	if (made)
		made->memory = malloc(sizeof *made->memory);
	int error = 0;
	if (!made || !made->memory) {
		error = wire_fault_set(fault, -ENOMEM, "out of memory");
	} else {
		made->memory->utc = times && times->utc;
		made->memory->is_known = false;
		made->memory->offset_ns = 0;
		error = compile(made, text, times, fault);
	}
	if (error)
		store__where_close(made);
	else
		*where = made;
	return error;
}

/* ---- judging ---- */

static enum store__verdict judge_test(const struct store__where *where, uint32_t at,
				      struct store__decided decided, const struct store__facts *facts)
{
	if (decided.known >> at & 1)
		return store__verdict_of(decided.holds >> at & 1);
	return store__where_test(where, &where->tests[at], facts);
}

/* Follow every jump that may be taken. Hot: once for every event. */
enum store__verdict store__where_judge(const struct store__where *where, struct store__decided decided,
				       const struct store__facts *facts)
{
	uint64_t reached = 1;
	bool ends[2] = {false, false}; /* ACCEPT, REJECT */
	for (uint32_t at = 0; at < where->count; at++) {
		if (!(reached >> at & 1))
			continue;
		const struct store__where_test *test = &where->tests[at];
		enum store__verdict verdict = judge_test(where, at, decided, facts);
		const uint8_t targets[2] = {test->on_true, test->on_false};
		for (int way = 0; way < 2; way++) {
			if (verdict == (way == 0 ? STORE__NO : STORE__YES))
				continue;
			if (targets[way] >= STORE__WHERE_ACCEPT)
				ends[targets[way] - STORE__WHERE_ACCEPT] = true;
			else
				reached |= UINT64_C(1) << targets[way];
		}
	}
	if (ends[0] && ends[1])
		return STORE__MAYBE;
	return store__verdict_of(ends[0]);
}

uint64_t store__where_subject(const struct store__where *where, struct wire_slice subject)
{
	const struct wire_event event = {.subject = subject};
	const struct store__facts facts = {.event = &event, .have = STORE__NEEDS_SUBJECT};
	uint64_t holds = 0;
	for (uint32_t i = 0; i < where->count; i++)
		if (where->subject_tests >> i & 1 &&
		    store__where_test(where, &where->tests[i], &facts) == STORE__YES)
			holds |= UINT64_C(1) << i;
	return holds;
}
