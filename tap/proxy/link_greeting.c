#include "tap/proxy/link_greeting.h"

#include <stdlib.h>
#include <string.h>

#include "net/tls.h"
#include "net/tls_peer.h"
#include "tap/proxy/link_bytes.h"
#include "tap/proxy/link_end.h"
#include "tap/proxy/link_server.h"
#include "tap/proxy/relay.h"
#include "tap/proxy/security.h"

static void set_client(struct tap__link *link, struct net_stream *client)
{
	link->client = link->up.from = link->down.to = client;
	net_stream_start(client, link->events, link);
}

static void set_server(struct tap__link *link, struct net_stream *server)
{
	link->server = link->down.from = server;
	net_stream_start(server, link->events, link);
}

static void note_certificate(struct tap__link *link)
{
	char subject[NET_TLS_SUBJECT_TEXT];
	if (link->proxy->security.clients && net_tls_subject(link->client, subject))
		link->certificate = strdup(subject);
}

void tap__link_finish_greeting(struct tap__link *link)
{
	struct tap__greeting greeting = link->greeting;
	link->greeting = (struct tap__greeting){0};
	link->up.to = link->server;
	note_certificate(link);
	tap__link_open_flow(link);
	tap__link_observe(link, false, tap__link_now(link), tap__greeting_info(&greeting));
	tap__link_pass_copy(link, false, tap__greeting_rest(&greeting));
	tap__link_observe(link, false, tap__link_now(link), tap__greeting_rest(&greeting));
	tap__link_pass_copy(link, true, tap__greeting_client(&greeting));
	tap__link_observe(link, true, tap__link_now(link), tap__greeting_client(&greeting));
	tap__greeting_fini(&greeting);
	if (link->life == TAP__LINK_GONE)
		return;
	tap__relay_read(&link->up);
	tap__relay_read(&link->down);
}

void tap__link_secure_client(struct tap__link *link)
{
	struct tap_proxy *proxy = link->proxy;
	struct net_stream *client = link->client;
	if (link->down.memory || link->life == TAP__LINK_GONE)
		return;
	if (!proxy->security.clients || tap__security_is_client_first(proxy)) {
		tap__link_finish_greeting(link);
		return;
	}
	link->greeting.stage = TAP__SECURES_CLIENT;
	if (tap__security_upgrade_client(&client, proxy, tap__greeting_client(&link->greeting)) < 0) {
		tap__link_finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	free(link->greeting.client_bytes);
	link->greeting.client_bytes = NULL;
	link->greeting.client_len = 0;
	set_client(link, client);
}

void tap__link_send_info(struct tap__link *link)
{
	link->greeting.stage = TAP__SENDS_INFO;
	tap__link_commit(link);
	tap__link_note_answer(link);
	net_stream_pause(link->server);
	tap__link_pass_copy(link, false, tap__greeting_info(&link->greeting));
	tap__link_secure_client(link);
}

static void secure_server(struct tap__link *link)
{
	struct net_stream *server = link->server;
	link->greeting.stage = TAP__SECURES_SERVER;
	int status = tap__security_upgrade_server(&server, link->proxy, link->upstream,
						  tap__greeting_rest(&link->greeting));
	if (status < 0) {
		tap__link_give_up_server(link, "out of memory");
		return;
	}
	tap__greeting_drop_rest(&link->greeting);
	set_server(link, server);
}

void tap__link_take_server_greeting(struct tap__link *link, struct wire_slice bytes)
{
	const char *why;
	if (!tap__greeting_add_server(&link->greeting, bytes)) {
		if (link->life == TAP__LINK_CONNECTING)
			tap__link_give_up_server(link, "it sends no INFO");
		else
			tap__link_finish(link, TAP_END_BY_PROXY, true);
		return;
	}
	struct wire_slice info = tap__greeting_info(&link->greeting);
	if (link->greeting.stage != TAP__AWAITS_INFO || info.len == 0)
		return;
	if (tap__security_wants_server(link->proxy, link->upstream, info, &why))
		secure_server(link);
	else if (why)
		tap__link_give_up_server(link, why);
	else
		tap__link_send_info(link);
}

void tap__link_take_client_greeting(struct tap__link *link, struct wire_slice bytes)
{
	if (!tap__greeting_add_client(&link->greeting, bytes))
		tap__link_finish(link, TAP_END_BY_PROXY, true);
}

bool tap__link_pass_refusal(struct tap__link *link)
{
	struct wire_slice refusal =
	    link->greeting.stage == TAP__SECURES_SERVER ? net_tls_refusal(link->server) : wire_slice(NULL, 0);
	if (refusal.len == 0 || !tap__greeting_add_server(&link->greeting, refusal))
		return false;
	struct tap__greeting greeting = link->greeting;
	link->greeting = (struct tap__greeting){0};
	tap__link_commit(link);
	tap__link_note_answer(link);
	tap__link_pass_copy(link, false, wire_slice(greeting.server_bytes, greeting.server_len));
	tap__link_observe(link, false, tap__link_now(link),
			  wire_slice(greeting.server_bytes, greeting.server_len));
	tap__greeting_fini(&greeting);
	link->up.is_broken = true; /* the server reads nothing */
	link->is_ended_by_server = true;
	tap__link_pass_end(link, false);
	tap__link_finish_if_done(link);
	return true;
}
