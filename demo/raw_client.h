/* raw_client.h - clients below the level of libnats: one that speaks the protocol wrongly, one that does not read. */
#ifndef DEMO_RAW_CLIENT_H
#define DEMO_RAW_CLIENT_H

#include "demo/settings.h"

/* Both run until SIGTERM and return the exit status. The URL's host must be an IPv4 address. */
int demo_raw_old_scanner(const struct demo_settings *settings);
int demo_raw_wall_board(const struct demo_settings *settings);

#endif
