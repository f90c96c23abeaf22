/* tls_fixture.h - the two ends of a connection (stream_fixture.h), made to speak TLS; and ends that do not. */
#ifndef TESTS_TLS_FIXTURE_H
#define TESTS_TLS_FIXTURE_H

#include "net/tls.h"
#include "tests/support/certificates.h"
#include "tests/unit/net/stream_fixture.h"

struct tls_fixture {
	struct stream_fixture streams; /* accepted: the server */
	struct net_tls_context *server, *client;
	struct stream_end *accepted, *connected;
};

/* For all tests of a group. */
extern struct support_certificates tls_certificates;

/* Options of a side: the certificate NAME.pem with server.key (client.key for "client"; NULL: none), trusting ca.pem. */
struct net_tls_options tls_fixture_options(bool is_server, const char *name);
/* A context of these options; fails the test when there is none. */
struct net_tls_context *tls_fixture_context(struct tls_fixture *fixture,
					    const struct net_tls_options *options);

/* Connect without TLS; contexts for a usual server and a usual client, for the caller to replace. */
void tls_fixture_open(struct tls_fixture *fixture);
void tls_fixture_close(struct tls_fixture *fixture);

/* Put TLS on one end of the connection. host: NULL for the server. */
void tls_fixture_secure(struct stream_end *end, struct net_tls_context *context, const char *host);
/* On both ends, and wait until both are open. */
void tls_fixture_shake(struct tls_fixture *fixture);
/* On both ends, and wait until one has failed. */
void tls_fixture_shake_in_vain(struct tls_fixture *fixture, const char *host);

#endif
