/* connz.h - who is connected, and who was: /connz, inside this folder. */
#ifndef BROKER_MONITOR_CONNZ_H
#define BROKER_MONITOR_CONNZ_H

#include "broker/monitor/answer.h"

void broker__serve_connz(const struct net_http_request *request, struct net_http_answer *answer);

#endif
