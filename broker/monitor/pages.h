/* pages.h - the routes of the monitoring, inside this folder. Their owner is a struct broker__monitored. */
#ifndef BROKER_MONITOR_PAGES_H
#define BROKER_MONITOR_PAGES_H

#include "broker/monitor/answer.h"

extern const struct net_http_route broker__pages[];

#endif
