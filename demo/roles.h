/* roles.h - the roles that a process may have. */
#ifndef DEMO_ROLES_H
#define DEMO_ROLES_H

#include "demo/settings.h"

struct demo_role {
	const char *name, *text;
	int (*run)(const struct demo_settings *settings); /* returns the exit status */
};

/* The role of that name; NULL when there is none. */
const struct demo_role *demo_role_find(const char *name);

/* Print the roles and their names. */
void demo_roles_print(void);

#endif
