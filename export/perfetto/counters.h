/* counters.h - how many messages and bytes are published a second. Internal to export/perfetto. */
#ifndef EXPORT_PERFETTO_COUNTERS_H
#define EXPORT_PERFETTO_COUNTERS_H

#include "export/perfetto/packets.h"

#define EXPORT__COUNTER_NS INT64_C(100000000) /* each value is that of so long */

/* Zeroed = nothing was counted. */
struct export__counters {
	bool is_described;
	int64_t begin_ns; /* of the present interval */
	uint64_t messages, bytes;
};

void export__counters_add(struct export__counters *counters, struct export__packets *packets, int64_t ns,
			  uint64_t bytes);

/* Nothing more is counted. */
void export__counters_end(struct export__counters *counters, struct export__packets *packets);

#endif
