#include "replay/diff/losses.h"

#include "store/read/steps.h"

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

/* The two oldest become one. */
static void merge_oldest(struct replay__losses *losses)
{
	struct replay__loss *first = &losses->list[0], *second = &losses->list[1];
	second->from_ns = first->from_ns < second->from_ns ? first->from_ns : second->from_ns;
	second->to_ns = first->to_ns > second->to_ns ? first->to_ns : second->to_ns;
	second->messages = add_counts(first->messages, second->messages);
	losses->count--;
	memmove(first, second, losses->count * sizeof *first);
}

void replay__losses_add(struct replay__losses *losses, const struct wire_event *gap)
{
	bool has_span = gap->from_ns != 0 || gap->to_ns != 0;
	int64_t before_ns = has_span ? store_time_minus(gap->time_ns, gap->from_ns) : 0;
	int64_t after_ns = has_span ? store_time_minus(gap->to_ns, gap->time_ns) : 0;
	struct replay__loss loss = {
	    .from_ns = store_time_minus(gap->steady_ns, before_ns > 0 ? before_ns : 0),
	    .to_ns = store_time_plus(gap->steady_ns, after_ns > 0 ? after_ns : 0),
	    .messages = gap->lost_messages ? gap->lost_messages : UINT64_MAX,
	};
	losses->gaps++;
	losses->messages += gap->lost_messages;
	if (losses->count == REPLAY__LOSSES_MAX)
		merge_oldest(losses);
	losses->list[losses->count++] = loss;
}

bool replay__losses_explain(struct replay__losses *losses, int64_t after_ns, int64_t before_ns)
{
	for (unsigned i = 0; i < losses->count; i++) {
		struct replay__loss *loss = &losses->list[i];
		if (loss->messages == 0 || loss->from_ns > before_ns || loss->to_ns < after_ns)
			continue;
		if (loss->messages != UINT64_MAX)
			loss->messages--;
		return true;
	}
	return false;
}
