/* unseen_subs.h - connections whose subscriptions are not all known. Internal to tap.
 *
 * As long as such a connection is open, a message published at its server may have receivers that no one knows of. */
#ifndef TAP_SESSION_UNSEEN_SUBS_H
#define TAP_SESSION_UNSEEN_SUBS_H

#include "tap/session/connection.h"

/* The connection may have subscriptions that were not seen. */
void tap__unseen_subs_begin(struct tap_sessions *sessions, struct tap__connection *connection);

/* Such a connection has ended, or is none of NATS. Nothing happens to other connections. */
void tap__unseen_subs_end(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns);

#endif
