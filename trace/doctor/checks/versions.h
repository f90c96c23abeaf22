/* versions.h - checks of client libraries. */
#ifndef TRACE_DOCTOR_CHECKS_VERSIONS_H
#define TRACE_DOCTOR_CHECKS_VERSIONS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__versions_checks[];

#endif
