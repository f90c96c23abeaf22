/* report.h - the log lines of the proxy, in the form of nats-server's. Internal to tap. */
#ifndef TAP_PROXY_REPORT_H
#define TAP_PROXY_REPORT_H

#include "tap/proxy/proxy_state.h"

void tap__report(const struct tap_proxy *proxy, enum tap_proxy_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* About one connection: `ip:port - cid:n - text`. */
void tap__report_link(const struct tap__link *link, enum tap_proxy_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An upstream was found to be up again, or has failed; why: NULL when it is up. */
void tap__report_upstream(const struct tap_proxy *proxy, const struct tap__upstream *upstream,
			  const char *why);

#endif
