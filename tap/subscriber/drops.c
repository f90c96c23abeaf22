#include "tap/subscriber/drops.h"

void tap__drops_check(struct tap__drops *drops, uint64_t dropped, int64_t now_ns,
		      struct tap__notices *notices)
{
	if (dropped > drops->reported) {
		const struct wire_event gap = {
		    .kind = WIRE_EVENT_GAP,
		    .time_ns = now_ns,
		    .from_ns = drops->seen_ns,
		    .to_ns = now_ns,
		    .lost_messages = dropped - drops->reported,
		    .text = WIRE_LITERAL("slow consumer: recording could not keep up, and the memory for "
					 "messages that wait was full")};
		tap__notices_add(notices, &gap);
		drops->reported = dropped;
	}
	drops->seen_ns = now_ns;
}
