/* connections.h - checks of connections: those that flap, have no name, or have one name on many hosts. */
#ifndef TRACE_DOCTOR_CHECKS_CONNECTIONS_H
#define TRACE_DOCTOR_CHECKS_CONNECTIONS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__connections_checks[];

#endif
