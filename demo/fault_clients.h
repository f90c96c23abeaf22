/* fault_clients.h - clients that do something wrong; each is one fault of the table in faults.h. */
#ifndef DEMO_FAULT_CLIENTS_H
#define DEMO_FAULT_CLIENTS_H

#include "demo/settings.h"

/* Run the client settings->name until SIGTERM. Returns the exit status. */
int demo_fault_run(const struct demo_settings *settings);

#endif
