/* join_queue.h - put messages, deliveries and losses into the queue of a join. Internal to tap. */
#ifndef TAP_SESSION_JOIN_QUEUE_H
#define TAP_SESSION_JOIN_QUEUE_H

#include "tap/session/join_state.h"

/* Combined with the key of a delivery that waits for its message. */
#define TAP__JOIN_ORPHAN UINT64_C(0x9e3779b97f4a7c15)

/* Advance the time of the join to an event that was complete at time_ns. Returns the event's time, which never
 * goes back. */
int64_t tap__join_advance(struct tap_join *join, int64_t time_ns);

/* There is no memory for an event: count it for the next gap event. */
void tap__join_lose(struct tap_join *join, int64_t time_ns, uint64_t messages, uint64_t bytes);

/* Add a message or delivery, copying what its operation says. NULL when there is no memory. */
struct tap__pending_event *tap__join_add(struct tap_join *join, enum wire_event_kind kind,
					 const struct tap_join_message *message);

/* Add a delivery that has no message so far. key: a message that is decoded later may take it; 0: none may.
 * Without memory it counts as lost. */
void tap__join_add_delivery(struct tap_join *join, struct tap__sub *sub,
			    const struct tap_join_message *message, uint64_t key);

#endif
