/* pages.h - the table of the monitoring's pages, inside this folder. */
#ifndef BROKER_MONITOR_PAGES_H
#define BROKER_MONITOR_PAGES_H

#include "broker/monitor/answer.h"

/* Ends with path NULL. */
extern const struct broker__page broker__pages[BROKER__PAGES + 1];

#endif
