#include "trace/gaps.h"

#include <errno.h>
#include <stdlib.h>

#include "store/read/steps.h"
#include "trace/memory.h"

enum { LISTED = 1 << 16 };

void trace_gaps_fini(struct trace_gaps *gaps)
{
	free(gaps->from_ns);
	*gaps = (struct trace_gaps){0};
}

static int list(struct trace_gaps *gaps, int64_t from_ns)
{
	if (gaps->len == LISTED)
		return 0;
	if (!trace_grow(&gaps->from_ns, &gaps->cap, (uint64_t)gaps->len + 1, sizeof *gaps->from_ns, NULL))
		return -ENOMEM;
	gaps->from_ns[gaps->len++] = from_ns;
	return 0;
}

int trace_gaps_add(struct trace_gaps *gaps, const struct wire_event *gap)
{
	int64_t shift_ns = store_time_minus(gap->steady_ns, gap->time_ns);
	bool has_span = gap->from_ns != 0 || gap->to_ns != 0;
	int64_t from_ns = has_span ? store_time_plus(gap->from_ns, shift_ns) : gap->steady_ns;
	int64_t to_ns = has_span ? store_time_plus(gap->to_ns, shift_ns) : gap->steady_ns;
	if (gaps->count++ == 0 || to_ns > gaps->until_ns)
		gaps->until_ns = to_ns;
	return list(gaps, from_ns);
}
