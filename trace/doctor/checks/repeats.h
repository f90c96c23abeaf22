/* repeats.h - checks of requests that are made again and again. */
#ifndef TRACE_DOCTOR_CHECKS_REPEATS_H
#define TRACE_DOCTOR_CHECKS_REPEATS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__repeats_checks[];

#endif
