#include "net/tls_failure.h"

#include <stdio.h>

#include "net/tls_error.h"

void net__tls_fail(struct net__tls *tls, int status)
{
	if (tls->life == NET__TLS_FAILED || tls->is_closing)
		return;
	tls->life = NET__TLS_FAILED;
	tls->stream.why = tls->why[0] ? tls->why : NULL;
	uv_timer_stop(&tls->timer);
	net_stream_pause(tls->below);
	tls->stream.events->ended(&tls->stream, status);
}

void net__tls_fail_because(struct net__tls *tls, const char *why)
{
	if (!tls->why[0])
		snprintf(tls->why, sizeof tls->why, "%s", why);
	net__tls_fail(tls, NET_ETLS);
}

void net__tls_fail_by_openssl(struct net__tls *tls)
{
	char text[200];
	net__tls_fail_because(tls, net__tls_error_text(text, sizeof text));
}
