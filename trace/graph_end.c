#include "trace/graph_end.h"

#include <errno.h>
#include <stdlib.h>

/* ---- members of queue groups ---- */

struct ordered_member {
	uint32_t group, number;
	uint64_t deliveries;
};

static int by_group(const void *a, const void *b)
{
	const struct ordered_member *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->deliveries != y->deliveries)
		return x->deliveries > y->deliveries ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static void note_member(struct trace_graph_result *result, uint32_t at, const struct ordered_member *member)
{
	struct trace_graph_interest *group = trace_pairs_value(&result->interests, member->group);
	if (at == 0 || result->members.keys[result->member_order[at - 1]].a != member->group) {
		group->first = at;
		group->most = member->deliveries;
	}
	group->least = member->deliveries;
	result->member_order[at] = member->number;
}

int trace__graph_order_members(struct trace_graph_result *result)
{
	uint32_t len = result->members.len;
	struct ordered_member *members = malloc((len + 1) * sizeof *members);
	result->member_order = malloc((len + 1) * sizeof *result->member_order);
	if (!members || !result->member_order) {
		free(members);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < len; i++) {
		const struct trace_graph_member *member = trace_pairs_value(&result->members, i);
		members[i] = (struct ordered_member){result->members.keys[i].a, i, member->deliveries};
	}
	qsort(members, len, sizeof *members, by_group);
	for (uint32_t i = 0; i < len; i++)
		note_member(result, i, &members[i]);
	free(members);
	return 0;
}

/* ---- subscriptions without messages ---- */

void trace__graph_find_hidden(struct trace_graph_result *result)
{
	result->hidden.is_any = result->by_subject[result->subject_others].unknown_receivers > 0;
	for (uint32_t i = 0; i < result->subjects.len; i++)
		if (result->by_subject[i].unknown_receivers > 0)
			trace_hidden_add(&result->hidden, trace_names_text(&result->subjects, i));
}

bool trace_graph_is_unfed(const struct trace_graph_result *result, uint32_t subscribed)
{
	const struct trace_graph_subscribed *value = trace_pairs_value(&result->subscribed, subscribed);
	uint32_t interest = result->subscribed.keys[subscribed].a,
		 subject = result->interests.keys[interest].a;
	const struct trace_graph_interest *interested = trace_pairs_value(&result->interests, interest);
	struct wire_slice pattern = trace_names_text(&result->subjects, subject);
	return value->deliveries + value->others == 0 && interested->is_asked_for &&
	       subject != result->subject_others && !trace_has_inbox_prefix(pattern) &&
	       !trace_hidden_reaches(&result->hidden, pattern);
}
