/* live_flow.h - what a segment does to an open connection. Internal to tap. */
#ifndef TAP_STREAM_LIVE_FLOW_H
#define TAP_STREAM_LIVE_FLOW_H

#include "tap/stream/flows.h"

/* Take a segment of a connection that is live or doubtful. False when the segment belongs to a rival of the connection,
 * which then is removed: the segment is still to be taken as that of an unknown connection. */
bool tap__live_flow_take(struct tap_reassembly *reassembly, struct tap__flow *flow,
			 const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns);

#endif
