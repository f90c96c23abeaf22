/* join_output.h - the events that leave a join: messages with their receivers, and all others, in order of time. */
#ifndef TAP_SESSION_JOIN_OUTPUT_H
#define TAP_SESSION_JOIN_OUTPUT_H

#include "tap/session/join.h"

/* The next event that may leave. True with *event, valid until the next call for this join. */
bool tap_join_next(struct tap_join *join, struct wire_event *event);

/* Are no events in it that may leave later? */
bool tap_join_is_empty(const struct tap_join *join);

/* Nothing more will come: every event may leave. */
void tap_join_finish(struct tap_join *join);

#endif
