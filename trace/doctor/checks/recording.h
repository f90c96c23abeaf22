/* recording.h - checks of the recording itself: its clock, gaps, damage, what is about to be deleted, what it does not know. */
#ifndef TRACE_DOCTOR_CHECKS_RECORDING_H
#define TRACE_DOCTOR_CHECKS_RECORDING_H

#include "trace/doctor/check.h"

/* Each ends with a check without a name. */
extern const struct doctor__check doctor__recording_checks[], doctor__retention_checks[];

#endif
