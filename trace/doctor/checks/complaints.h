/* complaints.h - checks of the errors that the server sent to clients. */
#ifndef TRACE_DOCTOR_CHECKS_COMPLAINTS_H
#define TRACE_DOCTOR_CHECKS_COMPLAINTS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__complaints_checks[];

#endif
