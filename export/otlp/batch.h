/* batch.h - spans that are written together: one TracesData of OTLP, with the spans of each service below its resource. Internal
 * to export/otlp. */
#ifndef EXPORT_OTLP_BATCH_H
#define EXPORT_OTLP_BATCH_H

#include "export/otlp/quoting.h"
#include "export/text/buffer.h"
#include "trace/clients.h"

enum { EXPORT__BATCH_SPANS = 2048, EXPORT__BATCH_BYTES = 2 << 20, EXPORT__BATCH_GROUPS = 256 };

/* Zeroed = empty. */
struct export__batch {
	struct export__group {
		uint32_t service;
		struct export_buffer spans; /* JSON objects, each with a comma after it */
	} groups[EXPORT__BATCH_GROUPS];
	uint32_t len; /* groups that are used */
	uint32_t
	    *group_of; /* by the number of a service: a group, which may be another service's by now; owned */
	uint32_t group_of_cap;
	uint64_t spans;
	size_t bytes;
	bool is_failed; /* out of memory */
};

void export__batch_fini(struct export__batch *batch);

/* Where to add a span of a service: one JSON object. NULL when the batch must be written first. Call export__batch_added after it. */
struct export_buffer *export__batch_add(struct export__batch *batch, uint32_t service);
void export__batch_added(struct export__batch *batch, struct export_buffer *spans, size_t len_before);

bool export__batch_is_full(const struct export__batch *batch);

/* The batch as JSON, without a line end, in parts that are given to `write` one after the other; empties the batch. */
void export__batch_write(struct export__batch *batch, const struct trace_clients *clients,
			 struct export__quoting *quoting,
			 void (*write)(void *context, const char *data, size_t len), void *context);

#endif
