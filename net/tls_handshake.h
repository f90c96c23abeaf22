/* tls_handshake.h - how a TLS stream is opened. Inside this folder.
 *
 *	NET__TLS_HANDSHAKE ─▶ NET__TLS_CONFIRMING ─▶ NET__TLS_OPEN
 *
 * With TLS 1.3 the handshake of a client is over before the server has looked at its certificate, and a refusal comes afterwards.
 * A client that was asked for a certificate waits until the server has shown that it goes on, by a session ticket or by
 * bytes, or for 300 ms: not every server sends one of them first. */
#ifndef NET_TLS_HANDSHAKE_H
#define NET_TLS_HANDSHAKE_H

#include "net/tls_state.h"

/* Let the context note which servers ask for a certificate. */
void net__tls_handshake_init(struct net_tls_context *context);

/* Start the deadline. */
void net__tls_handshake_begin(struct net__tls *tls);

/* Go on with the input. The stream is open afterwards, has failed, or waits for more. */
void net__tls_handshake(struct net__tls *tls);

static inline bool net__tls_is_in_handshake(const struct net__tls *tls)
{
	return tls->life == NET__TLS_HANDSHAKE || tls->life == NET__TLS_CONFIRMING;
}

#endif
