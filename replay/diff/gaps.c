#include "replay/diff/gaps.h"

#include "store/read/steps.h"

static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a == UINT64_MAX || b == UINT64_MAX ? UINT64_MAX : a + b;
}

/* Merge the two oldest gaps. */
static void merge_oldest(struct replay__gaps *gaps)
{
	struct replay__gap *first = &gaps->list[0], *second = &gaps->list[1];
	second->from_ns = first->from_ns < second->from_ns ? first->from_ns : second->from_ns;
	second->to_ns = first->to_ns > second->to_ns ? first->to_ns : second->to_ns;
	second->messages = add_counts(first->messages, second->messages);
	gaps->count--;
	memmove(first, second, gaps->count * sizeof *first);
}

void replay__gaps_add(struct replay__gaps *gaps, const struct wire_event *gap)
{
	bool has_span = gap->from_ns != 0 || gap->to_ns != 0;
	int64_t before_ns = has_span ? store_time_minus(gap->time_ns, gap->from_ns) : 0;
	int64_t after_ns = has_span ? store_time_minus(gap->to_ns, gap->time_ns) : 0;
	struct replay__gap added = {
	    .from_ns = store_time_minus(gap->steady_ns, before_ns > 0 ? before_ns : 0),
	    .to_ns = store_time_plus(gap->steady_ns, after_ns > 0 ? after_ns : 0),
	    .messages = gap->lost_messages ? gap->lost_messages : UINT64_MAX,
	};
	gaps->total++;
	gaps->total_messages += gap->lost_messages;
	if (gaps->count == REPLAY__GAPS_MAX)
		merge_oldest(gaps);
	gaps->list[gaps->count++] = added;
}

bool replay__gaps_explain(struct replay__gaps *gaps, int64_t after_ns, int64_t before_ns)
{
	for (unsigned i = 0; i < gaps->count; i++) {
		struct replay__gap *gap = &gaps->list[i];
		if (gap->messages == 0 || gap->from_ns > before_ns || gap->to_ns < after_ns)
			continue;
		if (gap->messages != UINT64_MAX)
			gap->messages--;
		return true;
	}
	return false;
}
