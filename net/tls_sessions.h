/* tls_sessions.h - the sessions of a client's context, so that the next connection to a host resumes one. Inside this folder. */
#ifndef NET_TLS_SESSIONS_H
#define NET_TLS_SESSIONS_H

#include "net/tls_state.h"

/* Keep the sessions that servers offer: the newest of each host. */
void net__tls_sessions_init(struct net_tls_context *context);
void net__tls_sessions_fini(struct net_tls_context *context);

/* Offer the session of the stream's host, if there is one. */
void net__tls_session_offer(struct net__tls *tls);

#endif
