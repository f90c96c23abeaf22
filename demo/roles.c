#include "demo/roles.h"

#include <stdio.h>
#include <string.h>

#include "demo/fault_clients.h"
#include "demo/machine.h"
#include "demo/service.h"
#include "demo/supervisor.h"
#include "demo/users.h"

static const struct demo_role roles[] = {
    {"platform", "start all others, stop them after --seconds (the default)", demo_supervisor_run},
    {"user", "post workflows: web-shop, mobile-app, partner-api, back-office", demo_user_run},
    {"machine", "the state machine that drives the workflows", demo_machine_run},
    {"service", "one of the 57 services: --list", demo_service_run},
    {"fault", "a client that does something wrong: --list-faults", demo_fault_run},
};

const struct demo_role *demo_role_find(const char *name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

void demo_roles_print(void)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		printf("  %-10s %s\n", roles[i].name, roles[i].text);
}
