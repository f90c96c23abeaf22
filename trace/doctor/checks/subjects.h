/* subjects.h - checks of subjects: nobody listens, there are too many, they are spelled in two ways. */
#ifndef TRACE_DOCTOR_CHECKS_SUBJECTS_H
#define TRACE_DOCTOR_CHECKS_SUBJECTS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__subjects_checks[];

#endif
