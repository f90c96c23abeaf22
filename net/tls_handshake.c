#include "net/tls_handshake.h"

#include <ctype.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "net/tls_failure.h"
#include "net/tls_output.h"
#include "net/tls_write.h"

enum { CONFIRM_MS = 300 };

/* ---- opening ---- */

static void open_stream(struct net__tls *tls)
{
	tls->life = NET__TLS_OPEN;
	tls->why[0] = '\0';
	uv_timer_stop(&tls->timer);
	tls->stream.events->opened(&tls->stream);
	net__tls_send_end_if_due(tls);
}

static void on_unconfirmed(uv_timer_t *timer)
{
	open_stream(timer->data);
}

/* Look at what the server sends after the handshake, and leave bytes for the owner where they are. */
static void confirm(struct net__tls *tls)
{
	char byte;
	size_t len = 0;
	ERR_clear_error();
	bool has_bytes = SSL_peek_ex(tls->ssl, &byte, 1, &len) == 1;
	int error = has_bytes ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, 0);
	tls->has_more = has_bytes;
	if (has_bytes || (tls->has_ticket && error == SSL_ERROR_WANT_READ))
		open_stream(tls);
	else if (error == SSL_ERROR_ZERO_RETURN)
		net__tls_fail_because(tls, "the peer closed the connection in the handshake");
	else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		net__tls_fail_by_openssl(tls);
}

/* The messages of the handshake were exchanged. */
static void finish(struct net__tls *tls)
{
	if (!tls->is_certificate_wanted || tls->has_ticket || SSL_version(tls->ssl) != TLS1_3_VERSION) {
		open_stream(tls);
		return;
	}
	tls->life = NET__TLS_CONFIRMING;
	uv_timer_start(&tls->timer, on_unconfirmed, CONFIRM_MS, 0);
}

/* ---- the handshake ---- */

/* A NATS server that refuses a connection says so in clear, instead of TLS. Only a server's words are shown. */
static bool is_refusal(struct net__tls *tls)
{
	const char *begin = tls->input.data;
	size_t len = 0;
	if (tls->context->is_server || tls->has_begun || tls->input.len == 0 || *begin != '-')
		return false;
	while (len < tls->input.len && len < 80 && isprint((unsigned char)begin[len]))
		len++;
	snprintf(tls->why, sizeof tls->why, "it says %.*s instead of a handshake", (int)len, begin);
	tls->refusal = tls->input;
	return true;
}

static void shake(struct net__tls *tls)
{
	if (is_refusal(tls)) {
		net__tls_fail(tls, NET_ETLS);
		return;
	}
	tls->has_begun |= tls->input.len > 0;
	ERR_clear_error();
	int done = SSL_do_handshake(tls->ssl);
	int error = SSL_get_error(tls->ssl, done);
	int status = net__tls_output_flush(tls);
	if (done == 1 && status == 0)
		finish(tls);
	else if (status < 0)
		net__tls_fail(tls, status);
	else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		net__tls_fail_by_openssl(tls);
}

void net__tls_handshake(struct net__tls *tls)
{
	if (tls->life == NET__TLS_HANDSHAKE)
		shake(tls);
	if (tls->life == NET__TLS_CONFIRMING && !tls->is_closing)
		confirm(tls);
}

static void on_late(uv_timer_t *timer)
{
	net__tls_fail_because(timer->data, "timeout");
}

void net__tls_handshake_begin(struct net__tls *tls)
{
	uv_timer_start(&tls->timer, on_late, (uint64_t)tls->context->timeout_ms, 0);
}

/* Called when a server asks for a certificate. */
static int on_certificate_wanted(SSL *ssl, void *context)
{
	struct net__tls *tls = SSL_get_app_data(ssl);
	(void)context;
	tls->is_certificate_wanted = true;
	return 1;
}

void net__tls_handshake_init(struct net_tls_context *context)
{
	if (!context->is_server)
		SSL_CTX_set_cert_cb(context->ssl, on_certificate_wanted, NULL);
}
