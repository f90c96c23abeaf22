/* monitor.h - monitoring over HTTP: /varz /connz /subsz /healthz as nats-server has them, /metrics for
 * Prometheus.
 *
 * libmicrohttpd runs on the broker's own loop through its epoll descriptor: no thread, no lock. A short answer is
 * consistent; a long one is written in pieces, between which the loop runs. Connections are limited in number and idle
 * time: at the limit a new one takes the place of the one that has been quiet longest. */
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

/* Stop listening; uv handles are closed asynchronously, memory is freed when the loop has run their close
 * callbacks. */
void broker_monitor_close(struct broker_monitor *monitor);

#endif
