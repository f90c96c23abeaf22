/* monitoring.h - the parts of the monitoring pages that differential tests compare. */
#ifndef INTEGRATION_MONITORING_H
#define INTEGRATION_MONITORING_H

#include "support/deadline.h"
#include "transcript.h"

/* GET as the text says, `PATH`, `PATH types KEY…` or `PATH values KEY…`, and note the status and each key's type or value.
 * A key is a path through objects and arrays: connections.0.subscriptions. */
void monitoring_note(struct transcript *transcript, int port, const char *text,
		     struct support_deadline deadline);

#endif
