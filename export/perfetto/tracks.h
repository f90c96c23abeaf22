/* tracks.h - the tracks of a trace: a process for each client, with a track for what takes no time and lanes for what does.
 * Internal to export/perfetto. */
#ifndef EXPORT_PERFETTO_TRACKS_H
#define EXPORT_PERFETTO_TRACKS_H

#include "export/perfetto/lanes.h"
#include "export/perfetto/packets.h"
#include "trace/clients.h"

/* Lanes of all clients. */
enum { EXPORT__ALL_LANES_MAX = 1 << 16 };

struct export__client_tracks {
	bool is_described, has_instants;
	struct export__lanes lanes;
};

/* Zeroed = none. */
struct export__tracks {
	struct export__client_tracks
	    *list; /* by the number of a client + 1; 0: clients without a number; owned */
	uint32_t cap;
	uint32_t lanes;   /* of all of them */
	uint64_t no_lane; /* slices that found none */
};

void export__tracks_fini(struct export__tracks *tracks);

/* The track of a client for an event at start_ns, which is written at once; for a slice until end_ns unless they are equal.
 * *is_slice: it has a lane. Writes the descriptions of tracks that are new. 0 when out of memory. */
uint64_t export__tracks_find(struct export__tracks *tracks, struct export__packets *packets,
			     const struct trace_clients *clients, uint32_t client, int64_t start_ns,
			     int64_t end_ns, bool *is_slice);

#endif
