/* latency.h - checks of responders that are slow. */
#ifndef TRACE_DOCTOR_CHECKS_LATENCY_H
#define TRACE_DOCTOR_CHECKS_LATENCY_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__latency_checks[];

#endif
