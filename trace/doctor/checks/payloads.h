/* payloads.h - checks of payloads: near the limit, or published twice. */
#ifndef TRACE_DOCTOR_CHECKS_PAYLOADS_H
#define TRACE_DOCTOR_CHECKS_PAYLOADS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__payloads_checks[];

#endif
