/* tombstone.h - what a segment does to a connection that has ended, or that the handler does not want. Internal to tap. */
#ifndef TAP_STREAM_TOMBSTONE_H
#define TAP_STREAM_TOMBSTONE_H

#include "tap/stream/flows.h"

/* Take a segment of a tombstone. False when the segment shows a new connection: the tombstone is then removed, and the
 * segment is still to be taken as that of an unknown connection. */
bool tap__tombstone_take(struct tap_reassembly *reassembly, struct tap__flow *flow,
			 const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns);

#endif
