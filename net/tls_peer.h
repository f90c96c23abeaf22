/* tls_peer.h - what a TLS connection has negotiated, and who the peer is by its certificate. The streams must be open ones of
 * tls.h. */
#ifndef NET_TLS_PEER_H
#define NET_TLS_PEER_H

#include "net/stream.h"

enum { NET_TLS_SUBJECT_TEXT = 256, NET_TLS_DIGEST_TEXT = 65 };

/* "1.2", "1.3"; the IANA name of the cipher suite. Static. */
const char *net_tls_version(const struct net_stream *stream);
const char *net_tls_cipher_suite(const struct net_stream *stream);

/* The handshake resumed an earlier session. */
bool net_tls_is_resumed(const struct net_stream *stream);

/* A certificate that the peer presented. */
struct net_tls_certificate {
	char subject[NET_TLS_SUBJECT_TEXT]; /* RFC 2253 */
	char key_sha256[NET_TLS_DIGEST_TEXT],
	    sha256[NET_TLS_DIGEST_TEXT]; /* hexadecimal; of the public key, of all of it */
};

/* The index-th certificate of the peer's chain, its own first. False when there is none. A resumed connection has its own
 * alone. */
bool net_tls_certificate(const struct net_stream *stream, unsigned index,
			 struct net_tls_certificate *certificate);

/* The subject of the peer's own certificate. False, with "", when it has presented none. */
bool net_tls_subject(const struct net_stream *stream, char subject[NET_TLS_SUBJECT_TEXT]);

/* Ask `is_it` for each name in the peer's certificate: e-mail addresses, host names, URIs, and then the subject (RFC 2253).
 * True when it says so for one of them. */
bool net_tls_has_name(const struct net_stream *stream, bool (*is_it)(void *context, const char *name),
		      void *context);

#endif
