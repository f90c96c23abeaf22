/* requests.h - checks of requests that got no reply, no good one, or several. */
#ifndef TRACE_DOCTOR_CHECKS_REQUESTS_H
#define TRACE_DOCTOR_CHECKS_REQUESTS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__requests_checks[];

#endif
