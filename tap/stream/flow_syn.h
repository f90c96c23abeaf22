/* flow_syn.h - what a SYN does to the connection between its ends, if there is one. Internal to tap. */
#ifndef TAP_STREAM_FLOW_SYN_H
#define TAP_STREAM_FLOW_SYN_H

#include "tap/stream/flows.h"

/* Take the SYN of a segment. True when the segment is done with. Otherwise *flow is the connection that the rest of the
 * segment belongs to; NULL: to a new one. */
bool tap__flow_take_syn(struct tap_reassembly *reassembly, struct tap__flow **flow,
			const struct tap__place *place, const struct tap_segment *segment, int64_t time_ns);

#endif
