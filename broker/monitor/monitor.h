/* monitor.h - monitoring over HTTP: /varz /connz /subsz /healthz as nats-server has them, /metrics for Prometheus. The
 * pages are the routes of a server of net/http on the broker's own loop. */
#ifndef BROKER_MONITOR_MONITOR_H
#define BROKER_MONITOR_MONITOR_H

#include <uv.h>

#include "broker/broker.h"

struct broker_monitor;

/* Listen on host:port (-1 = any free port). The real port is broker_monitor_port(). 0, or a negative code
 * with *fault. */
int broker_monitor_open(struct broker_monitor **monitor, uv_loop_t *loop, struct broker *broker,
			const char *host, int port, struct wire_fault *fault);
int broker_monitor_port(const struct broker_monitor *monitor);

/* Stop serving. The loop must run once more. */
void broker_monitor_close(struct broker_monitor *monitor);

#endif
