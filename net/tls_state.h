/* tls_state.h - struct definitions: a TLS context and a TLS stream. Inside this folder. */
#ifndef NET_TLS_STATE_H
#define NET_TLS_STATE_H

#include <openssl/ssl.h>

#include "net/stream.h"
#include "net/tls_context.h"
#include "wire/slice.h"

enum {
	NET__TLS_RECORD_BYTES = 16 << 10, /* the most that a record carries */
	NET__TLS_BATCH_BYTES =
	    4 * NET__TLS_RECORD_BYTES, /* encrypted before the stream below is asked to take it */
	/* A batch as records; or messages of the handshake, which wait when they are longer. */
	NET__TLS_OUTPUT_BYTES = NET__TLS_BATCH_BYTES + NET__TLS_RECORD_BYTES,
	NET__TLS_INPUT_BYTES = 64 << 10, /* the most that one read takes */
	NET__TLS_WHY_TEXT = 320,
};

/* A session of a server, to be resumed by the next connection to this host. */
struct net__tls_session {
	struct net__tls_session *next;
	SSL_SESSION *session;
	char host[];
};

struct net_tls_context {
	unsigned holds;
	uv_loop_t *loop;
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	bool is_server, verify;
	int64_t timeout_ms;
	struct net__tls_session *sessions; /* of a client */
	/* Shared by the streams of the context, which use them one after the other. Owned; NULL until needed. */
	char *input;  /* what was read below */
	char *output; /* what is to be written; a stream takes it when the stream below does not take all */
	char *plain;  /* one record before it is encrypted */
};

enum net__tls_life {
	NET__TLS_HANDSHAKE,
	NET__TLS_CONFIRMING, /* the handshake is over; does the server accept our certificate? */
	NET__TLS_OPEN,
	NET__TLS_FAILED,
};

struct net__tls {
	struct net_stream stream; /* first */
	struct net_stream *below;
	struct net_tls_context *context; /* held */
	SSL *ssl;
	enum net__tls_life life;
	uv_timer_t timer; /* the deadline of the handshake; then wakes a stream that has more to give */
	unsigned holds;   /* the stream below and the timer, until they are closed */
	char *host;       /* owned; NULL: any */

	/* Records of the peer. */
	struct wire_slice input; /* not decrypted yet: in context->input, or in kept */
	char *kept;              /* owned; counted as held */
	size_t kept_bytes;
	bool has_more;   /* decrypting stopped for lack of room, not of input */
	bool is_reading; /* the owner wants bytes */
	bool peer_ended; /* its close_notify was read */

	/* Records for the peer. */
	char *output; /* owned, of NET__TLS_OUTPUT_BYTES; NULL: nothing is to be written */
	size_t output_at, output_len, output_begun;
	bool is_output_held;        /* counted as held */
	struct wire_slice deferred; /* begun by the owner, not encrypted yet */

	/* Of the handshake. */
	bool has_begun;             /* something was received */
	bool is_certificate_wanted; /* by the server */
	bool has_ticket;            /* the server has sent one */
	struct wire_slice refusal;  /* during `ended`: what a server has sent instead */

	bool is_upgrade; /* `below` was open already */
	bool is_ended;   /* by the owner: close_notify is sent once nothing is begun */
	bool is_end_sent, is_closing;
	char why[NET__TLS_WHY_TEXT];
};

#endif
