/* varz.h - the server as a whole: /varz, /healthz and the index page, inside this folder. */
#ifndef BROKER_MONITOR_VARZ_H
#define BROKER_MONITOR_VARZ_H

#include "broker/monitor/answer.h"

void broker__serve_root(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_varz(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_healthz(const struct net_http_request *request, struct net_http_answer *answer);

#endif
