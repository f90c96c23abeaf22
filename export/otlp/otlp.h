/* otlp.h - the format otlp: traces as OTLP/JSON, one TracesData a line, as the OpenTelemetry Collector's file exporter writes them
 * and its receiver otlpjsonfile reads them; or batches of the same JSON for whoever sends them to a collector.
 *
 * docs/exporting.md says which spans there are, and what their attributes mean. */
#ifndef EXPORT_OTLP_OTLP_H
#define EXPORT_OTLP_OTLP_H

#include "export/format.h"

/* Where batches go instead of the output. */
struct export_otlp_sink {
	/* Take a batch of spans, a JSON object. 0, or a negative code with *fault that ends the export. */
	int (*take)(void *context, struct wire_slice body, uint64_t spans, struct wire_fault *fault);
	void *context;
};

struct export_otlp_options {
	double sample;                       /* of the traces, 0 to 1… */
	bool keeps_failures;                 /* …and those that hold an error or something… */
	int64_t slow_ns;                     /* …that took longer */
	const struct export_otlp_sink *sink; /* NULL: lines are written to the output. Borrowed */
};

/* 0 with *writer, to be closed by the caller; or -ENOMEM with *fault. Borrows out. */
int export_otlp_open(struct export_writer **writer, const struct export_otlp_options *options,
		     struct export_out *out, struct wire_fault *fault);

#endif
