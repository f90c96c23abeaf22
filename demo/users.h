/* users.h - the applications that post workflows. Each traces in its own style, one not at all. */
#ifndef DEMO_USERS_H
#define DEMO_USERS_H

#include <stddef.h>

#include "demo/settings.h"

enum { DEMO_USERS = 4 };

extern const char *const demo_users[DEMO_USERS];

/* Post workflows for settings->seconds, then end. Returns the exit status. */
int demo_user_run(const struct demo_settings *settings);

#endif
