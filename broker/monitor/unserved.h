/* unserved.h - nats-server's pages about what this server does not serve: routes, gateways, leaf nodes, JetStream; and
 * about accounts, of which there is one. Inside this folder. */
#ifndef BROKER_MONITOR_UNSERVED_H
#define BROKER_MONITOR_UNSERVED_H

#include "broker/monitor/answer.h"

void broker__serve_routez(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_gatewayz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_leafz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_accountz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_accstatz(const struct broker__request *request, struct broker__answer *answer);
void broker__serve_jsz(const struct broker__request *request, struct broker__answer *answer);

#endif
