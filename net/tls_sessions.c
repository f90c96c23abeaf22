#include "net/tls_sessions.h"

#include <stdlib.h>

static struct net__tls_session *find(struct net_tls_context *context, const char *host)
{
	struct net__tls_session *session = context->sessions;
	while (session && strcmp(session->host, host) != 0)
		session = session->next;
	return session;
}

static struct net__tls_session *add(struct net_tls_context *context, const char *host)
{
	size_t len = strlen(host) + 1;
	struct net__tls_session *session = calloc(1, sizeof *session + len);
	if (!session)
		return NULL;
	memcpy(session->host, host, len);
	session->next = context->sessions;
	context->sessions = session;
	return session;
}

/* Returns 1 when the session was taken. */
static int on_session(SSL *ssl, SSL_SESSION *offered)
{
	struct net__tls *tls = SSL_get_app_data(ssl);
	tls->has_ticket = true;
	if (!tls->host)
		return 0;
	struct net__tls_session *session = find(tls->context, tls->host);
	if (!session)
		session = add(tls->context, tls->host);
	if (!session)
		return 0;
	SSL_SESSION_free(session->session);
	session->session = offered;
	return 1;
}

void net__tls_sessions_init(struct net_tls_context *context)
{
	SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context->ssl, on_session);
}

void net__tls_sessions_fini(struct net_tls_context *context)
{
	for (struct net__tls_session *session = context->sessions, *next; session; session = next) {
		next = session->next;
		SSL_SESSION_free(session->session);
		free(session);
	}
	context->sessions = NULL;
}

void net__tls_session_offer(struct net__tls *tls)
{
	struct net__tls_session *session = tls->host ? find(tls->context, tls->host) : NULL;
	if (session && SSL_SESSION_is_resumable(session->session))
		SSL_set_session(tls->ssl, session->session);
}
