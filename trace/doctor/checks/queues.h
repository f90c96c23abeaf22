/* queues.h - checks of queue groups. */
#ifndef TRACE_DOCTOR_CHECKS_QUEUES_H
#define TRACE_DOCTOR_CHECKS_QUEUES_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__queues_checks[];

#endif
