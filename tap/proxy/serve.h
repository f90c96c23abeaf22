/* serve.h - accept clients, give each connection its turns, drain, and stop. Internal to tap. */
#ifndef TAP_PROXY_SERVE_H
#define TAP_PROXY_SERVE_H

#include "tap/proxy/proxy_state.h"

/* Listen, and start the handles of the loop. 0, or a negative code with *fault. */
int tap__serve_start(struct tap_proxy *proxy, struct wire_fault *fault);

/* SIGUSR2: accept no more clients. Stop when the last client has gone, or when --drain-timeout is over. */
void tap__serve_drain(struct tap_proxy *proxy);

/* End all connections, and close all handles: then the loop ends. */
void tap__serve_stop(struct tap_proxy *proxy);

#endif
