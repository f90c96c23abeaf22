/* streams.h - checks of JetStream consumers. */
#ifndef TRACE_DOCTOR_CHECKS_STREAMS_H
#define TRACE_DOCTOR_CHECKS_STREAMS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__streams_checks[];

#endif
