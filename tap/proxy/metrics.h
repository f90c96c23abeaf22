/* metrics.h - the metrics of the proxy as text for Prometheus. Internal to tap. */
#ifndef TAP_PROXY_METRICS_H
#define TAP_PROXY_METRICS_H

#include <stdio.h>

#include "tap/proxy/proxy_state.h"

void tap__metrics_print(FILE *out, const struct tap_proxy *proxy);

#endif
