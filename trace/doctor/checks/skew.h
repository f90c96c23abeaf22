/* skew.h - checks of clocks that differ. */
#ifndef TRACE_DOCTOR_CHECKS_SKEW_H
#define TRACE_DOCTOR_CHECKS_SKEW_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__skew_checks[];

#endif
