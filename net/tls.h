/* tls.h - a layer that encrypts: TLS 1.2 or 1.3 over another stream.
 *
 *	owner ─▶ plain bytes ─▶ records ─▶ stream below
 *
 * `opened` comes after the handshake, and `ended` instead when that fails: then stream->why names the certificate, the host
 * and the reason. The peer ends its side with close_notify, or like Go's TLS with a plain end between two records; an end
 * within a record is a failure. Our end sends close_notify, and then ends the side below.
 *
 * A stream holds at most one batch of records that the stream below has not taken (64 KiB and their heads), and the records of
 * one read that its owner does not want yet; it reports both as `held`. OpenSSL's own state is not reported. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/stream.h"
#include "net/tls_context.h"
#include "wire/slice.h"

/* Put TLS on a new stream; the handshake begins when that is open. Takes `below`, also on failure, and holds the context.
 * host: of the server, for its certificate and for SNI; NULL on the server's side. 0, or a negative code. */
int net_tls_open(struct net_stream **stream, struct net_stream *below, struct net_tls_context *context,
		 const char *host);

/* Likewise on a stream that is open, and of which nothing is begun. `read`: what was already read of the handshake; copied.
 * Takes `below` on success only; its owner hears no more of it. The result is to be started like any new stream. */
int net_tls_upgrade(struct net_stream **stream, struct net_stream *below, struct net_tls_context *context,
		    const char *host, struct wire_slice read);

/* While `ended` is called: what a server has sent in clear instead of a handshake, an error of NATS. Empty: nothing like it. */
struct wire_slice net_tls_refusal(const struct net_stream *stream);

#endif
