/* machine.h - the state machine: takes workflows from "workflows.start" through their steps (steps.h).
 *
 * It waits for nothing: a step is published, and the reply or event that ends it makes the machine publish the next. A
 * request that gets no reply is sent again, a step that failed ends the workflow. */
#ifndef DEMO_MACHINE_H
#define DEMO_MACHINE_H

#include "demo/settings.h"

/* Run until SIGTERM, then until no workflow is open, at most 8 s. Returns the exit status. */
int demo_machine_run(const struct demo_settings *settings);

#endif
