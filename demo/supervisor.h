/* supervisor.h - start a process for each user, service and state machine, and stop them in order. */
#ifndef DEMO_SUPERVISOR_H
#define DEMO_SUPERVISOR_H

#include "demo/settings.h"

/* Services first, then the machine, then the users; wait for the users' end, then stop machine and services. SIGINT or
 * SIGTERM stops early. Returns the exit status: 1 when a process could not start or failed. */
int demo_supervisor_run(const struct demo_settings *settings);

#endif
