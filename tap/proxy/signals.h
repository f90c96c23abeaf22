/* signals.h - INT and TERM stop the proxy, USR2 drains it, HUP checks the servers again, HUP and USR1 reopen the log file.
 * Internal to tap. */
#ifndef TAP_PROXY_SIGNALS_H
#define TAP_PROXY_SIGNALS_H

#include "tap/proxy/proxy_state.h"

/* Begin to take signals with the handles of the proxy; ignore SIGPIPE and SIGXFSZ. 0 or a negative code. */
int tap__signals_start(struct tap_proxy *proxy);

#endif
