/* traffic.h - checks of how much goes where: growth, silence, bursts, what dominates. */
#ifndef TRACE_DOCTOR_CHECKS_TRAFFIC_H
#define TRACE_DOCTOR_CHECKS_TRAFFIC_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__traffic_checks[];

#endif
