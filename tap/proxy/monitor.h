/* monitor.h - monitoring of the proxy over HTTP: /healthz, /varz, and /metrics for Prometheus. Internal to tap. */
#ifndef TAP_PROXY_MONITOR_H
#define TAP_PROXY_MONITOR_H

#include "tap/proxy/proxy_state.h"

/* Serve on options.http_host and http_port, when a port is given. 0, or a negative code with *fault. */
int tap__monitor_open(struct tap_proxy *proxy, struct wire_fault *fault);

#endif
