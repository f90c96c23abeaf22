/* lanes.h - which of several parallel tracks a slice goes to. Internal to export/perfetto.
 *
 * The slices of a track must nest: of two that overlap, one must lie within the other. The first lane is taken whose slices all
 * allow that. A lane knows its last slices; it takes none that begins before those that it has forgotten have ended. */
#ifndef EXPORT_PERFETTO_LANES_H
#define EXPORT_PERFETTO_LANES_H

#include <stdbool.h>
#include <stdint.h>

enum { EXPORT__LANE_SLICES = 16, EXPORT__LANES_MAX = 64 };

struct export__lane {
	struct {
		int64_t start_ns, end_ns;
	} slices[EXPORT__LANE_SLICES]; /* a ring */
	uint64_t count;                /* of all slices so far */
	int64_t forgotten_until_ns;
};

/* Zeroed = none. */
struct export__lanes {
	struct export__lane *list; /* owned */
	uint32_t len, cap;
};

void export__lanes_fini(struct export__lanes *lanes);

/* The number of the lane of a slice that is written after all before; a new one when it is the former len. max: lanes that there
 * may be. EXPORT__LANES_MAX when none fits. */
uint32_t export__lanes_find(struct export__lanes *lanes, int64_t start_ns, int64_t end_ns, uint32_t max);

#endif
