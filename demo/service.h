/* service.h - one of the platform's services (platform.h). */
#ifndef DEMO_SERVICE_H
#define DEMO_SERVICE_H

#include "demo/settings.h"

/* Run the service settings->name until SIGTERM. Returns the exit status. */
int demo_service_run(const struct demo_settings *settings);

#endif
