/* subsz.h - the subscriptions of all clients together: /subsz, inside this folder. */
#ifndef BROKER_MONITOR_SUBSZ_H
#define BROKER_MONITOR_SUBSZ_H

#include "broker/monitor/answer.h"

void broker__serve_subsz(const struct net_http_request *request, struct net_http_answer *answer);

#endif
