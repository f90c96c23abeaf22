/* unserved.h - nats-server's pages about what this server does not serve: routes, gateways, leaf nodes, JetStream; and
 * about accounts, of which there is one. Inside this folder. */
#ifndef BROKER_MONITOR_UNSERVED_H
#define BROKER_MONITOR_UNSERVED_H

#include "broker/monitor/answer.h"

void broker__serve_routez(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_gatewayz(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_leafz(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_accountz(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_accstatz(const struct net_http_request *request, struct net_http_answer *answer);
void broker__serve_jsz(const struct net_http_request *request, struct net_http_answer *answer);

#endif
