/* receivers.h - checks of those who receive: drops, subscriptions that get nothing, inboxes that leak. */
#ifndef TRACE_DOCTOR_CHECKS_RECEIVERS_H
#define TRACE_DOCTOR_CHECKS_RECEIVERS_H

#include "trace/doctor/check.h"

/* Ends with a check without a name. */
extern const struct doctor__check doctor__receivers_checks[];

#endif
