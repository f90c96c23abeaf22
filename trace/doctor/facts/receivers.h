/* receivers.h - who got the messages: fan-out, drops, and how the members of queue groups share. */
#ifndef TRACE_DOCTOR_FACTS_RECEIVERS_H
#define TRACE_DOCTOR_FACTS_RECEIVERS_H

#include "trace/doctor/facts/state.h"

/* Count the receivers of a message of the present subject, or the receiver of a delivery. Hot. */
void doctor__receivers_take(struct doctor__facts *facts, const struct wire_event *event);

/* A message or delivery that the filter rules out feeds its subscriptions, too. */
void doctor__receivers_feed(struct doctor__facts *facts, const struct wire_event *event);

/* A share is judged once a queue group took this many messages for each member. */
enum { DOCTOR__SHARE_LEAST = 100 };

/* End the present membership of all queue groups: judge how they shared. */
void doctor__receivers_end(struct doctor__facts *facts);

#endif
