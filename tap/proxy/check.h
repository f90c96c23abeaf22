/* check.h - find out from time to time whether an upstream answers: connect and read its INFO, and begin TLS with a tls:// one, which checks its certificate. One that has
 * answered clients since the last check is not checked. Names are looked up again before each check. Internal to tap. */
#ifndef TAP_PROXY_CHECK_H
#define TAP_PROXY_CHECK_H

#include "tap/proxy/proxy_state.h"

/* Begin to check every upstream that is listed; again after a reload. One that is listed no more is not checked. 0 or -ENOMEM. */
int tap__checks_open(struct tap_proxy *proxy);

/* A connection to this upstream has failed: check soon whether it is back. */
void tap__check_soon(const struct tap__upstream *upstream);

/* Check all of them now. */
void tap__checks_hurry(struct tap_proxy *proxy);

/* End them. The loop must run until the handles are closed; then free them. */
void tap__checks_close(struct tap_proxy *proxy);
void tap__checks_free(struct tap_proxy *proxy);

#endif
