/* metrics.h - /metrics, inside this folder: the totals in Prometheus' text format (version 0.0.4). */
#ifndef BROKER_MONITOR_METRICS_H
#define BROKER_MONITOR_METRICS_H

#include "broker/monitor/answer.h"

void broker__serve_metrics(const struct net_http_request *request, struct net_http_answer *answer);

#endif
