/* registry.h - all checks, in the order in which findings of the same severity are shown. */
#ifndef TRACE_DOCTOR_CHECKS_REGISTRY_H
#define TRACE_DOCTOR_CHECKS_REGISTRY_H

#include "trace/doctor/check.h"

/* The check of this number, from 0; NULL after the last one. */
const struct doctor__check *doctor__registry_at(size_t number);

#endif
