/* sampling.h - which traces are given out.
 *
 * The decision for a trace depends on its id alone: a trace is given out when the last 56 bits of its id, as a number, are not
 * below a threshold. This is the rule of OpenTelemetry's consistent probability sampling, so that other samplers of the same
 * ratio choose the same traces. */
#ifndef EXPORT_SPANS_SAMPLING_H
#define EXPORT_SPANS_SAMPLING_H

#include "export/spans/span.h"

enum { EXPORT_SAMPLING_KEPT = 1 << 14 };

struct export_sampling {
	uint64_t threshold;  /* of 2^56; 0 = every trace */
	bool keeps_failures; /* and traces that hold an error or something slow… */
	int64_t slow_ns;     /* …longer than this */
	/* The last traces that were kept for that, by their ids. */
	struct export_trace_id kept[EXPORT_SAMPLING_KEPT];
};

/* ratio: 0 to 1. */
void export_sampling_init(struct export_sampling *sampling, double ratio, bool keeps_failures,
			  int64_t slow_ns);

/* The trace is given out, as far as is known by now. */
bool export_sampling_takes(const struct export_sampling *sampling, const struct export_trace_id *trace);

/* Something that took so long, or failed, is a reason to keep its trace. */
bool export_sampling_is_failure(const struct export_sampling *sampling, enum export_span_error error,
				int64_t duration_ns);

/* Keep the further spans of a trace. */
void export_sampling_keep(struct export_sampling *sampling, const struct export_trace_id *trace);

#endif
