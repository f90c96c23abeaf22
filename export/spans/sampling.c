#include "export/spans/sampling.h"

#include <string.h>

#define RANDOM_BITS 56

void export_sampling_init(struct export_sampling *sampling, double ratio, bool keeps_failures,
			  int64_t slow_ns)
{
	memset(sampling, 0, sizeof(*sampling));
	sampling->threshold = (uint64_t)((1 - ratio) * (double)(UINT64_C(1) << RANDOM_BITS));
	sampling->keeps_failures = keeps_failures;
	sampling->slow_ns = slow_ns;
}

static const struct export_trace_id *slot(const struct export_sampling *sampling,
					  const struct export_trace_id *trace)
{
	return &sampling->kept[(trace->low ^ trace->low >> 32) % EXPORT_SAMPLING_KEPT];
}

bool export_sampling_takes(const struct export_sampling *sampling, const struct export_trace_id *trace)
{
	if (sampling->threshold == 0)
		return true;
	if ((trace->low & ((UINT64_C(1) << RANDOM_BITS) - 1)) >= sampling->threshold)
		return true;
	if (!sampling->keeps_failures)
		return false;
	const struct export_trace_id *kept = slot(sampling, trace);

	return kept->low == trace->low && kept->high == trace->high;
}

bool export_sampling_is_failure(const struct export_sampling *sampling, enum export_span_error error,
				int64_t duration_ns)
{
	return sampling->keeps_failures && (error != EXPORT_SPAN_OK || duration_ns > sampling->slow_ns);
}

void export_sampling_keep(struct export_sampling *sampling, const struct export_trace_id *trace)
{
	struct export_trace_id *kept = &sampling->kept[slot(sampling, trace) - sampling->kept];

	*kept = *trace;
}
