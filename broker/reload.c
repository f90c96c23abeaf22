#include "broker/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "broker/auth.h"
#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/files.h"
#include "broker/permissions.h"
#include "broker/quote.h"
#include "broker/secure.h"
#include "broker/sids.h"
#include "broker/subscriptions.h"
#include "broker/teardown.h"
#include "net/tls_files.h"

/* A subscription that the new permissions do not allow. */
struct revocation {
	struct broker_client *client;
	struct broker__sub **subs;
	size_t len;
};

static bool collect_revoked(void *context, struct broker__sub *sub)
{
	struct revocation *revocation = context;
	if (!broker__may_subscribe(revocation->client->permissions, sub->subject, sub->queue))
		revocation->subs[revocation->len++] = sub;
	return true;
}

static void end_revoked(struct broker_client *client, struct broker__sub *sub)
{
	char *subject = broker__quote(sub->subject), *sid = broker__quote(sub->sid), *text = NULL;
	broker__client_unsubscribe(client, sub);
	if (subject && sid &&
	    asprintf(&text, "Permissions Violation for Subscription to %s (sid %s)", subject, sid) >= 0) {
		broker__client_log(client, BROKER_LOG_INFO, "Removed sub %s (sid %s) - not authorized",
				   subject, sid);
		broker__client_send_error(client, wire_slice_str(text));
	}
	free(text);
	free(sid);
	free(subject);
}

static void check_subscriptions(struct broker_client *client)
{
	struct revocation revocation = {.client = client};
	if (!client->permissions || client->sids.count == 0)
		return;
	revocation.subs = calloc(client->sids.count, sizeof(struct broker__sub *));
	if (!revocation.subs) {
		broker__client_cut(client, "Authentication Failure");
		return;
	}
	broker__sids_each(&client->sids, collect_revoked, &revocation);
	for (size_t i = 0; i < revocation.len; i++)
		end_revoked(client, revocation.subs[i]);
	free(revocation.subs);
}

static void check_client(struct broker_client *client, const struct broker_options *before)
{
	const struct broker_options *now = &client->loop->broker->options;
	struct broker__identity identity;
	client->permissions = NULL;
	broker__match_cache_clear(client);
	broker__output_set_max(&client->output, now->max_pending);
	if (client->life == BROKER__AWAITS_CONNECT || !broker__client_is_open(client))
		return;
	if (!broker__auth_is_unchanged(before, now, client->user, &identity)) {
		client->loop->counters.auth_errors++;
		broker__client_send_error(client, WIRE_LITERAL("Authorization Violation"));
		broker__client_close(client, "Authentication Failure");
		return;
	}
	client->permissions = identity.permissions;
	if (identity.permissions && identity.permissions->allow_responses && !client->replies)
		client->replies = broker__replies_open(client->loop->broker->seed);
	check_subscriptions(client);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void swap(char **a, char **b)
{
	char *text = *a;
	*a = *b;
	*b = text;
}

/* Keep the options that a running server cannot change. Strings are swapped, so that each is freed once. */
static void keep_fixed(struct broker *broker, struct broker_options *fresh)
{
	struct broker_options *old = &broker->options;
	if (fresh->port != old->port || fresh->http_port != old->http_port ||
	    fresh->https_port != old->https_port)
		broker_log(broker->log, BROKER_LOG_WARN,
			   "ports cannot be changed by a reload; restart the server");
	fresh->port = old->port;
	fresh->http_port = old->http_port;
	fresh->https_port = old->https_port;
	fresh->first_client_id = old->first_client_id;
	fresh->mask = old->mask;
	if (!is_same(fresh->host, old->host) || !is_same(fresh->http_host, old->http_host))
		broker_log(broker->log, BROKER_LOG_WARN,
			   "addresses cannot be changed by a reload; restart the server");
	swap(&fresh->host, &old->host);
	swap(&fresh->http_host, &old->http_host);
}

/* ---- connections ---- */

/* Close the clients that came last: a server with the new limit would not have let them in. */
static void close_surplus(struct broker *broker)
{
	struct broker__loop *loop = &broker->loops[0];
	uint32_t most = broker->options.max_connections, open = 0, closed = 0;
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		open += broker__client_is_open(client);
	for (struct broker_client *client = loop->all.last; client && open - closed > most;
	     client = client->all.prev) {
		if (!broker__client_is_open(client))
			continue;
		broker__client_log(client, BROKER_LOG_ERROR, "maximum connections exceeded");
		broker__client_send_error(client, WIRE_LITERAL("maximum connections exceeded"));
		broker__client_close(client, "Maximum Connections Exceeded");
		closed++;
	}
	if (closed > 0)
		broker_log(broker->log, BROKER_LOG_INFO,
			   "Closed %u connections to fall within max_connections", closed);
}

static void adopt(struct broker *broker, struct broker_options *fresh)
{
	struct broker__loop *loop = &broker->loops[0];
	keep_fixed(broker, fresh);
	struct broker_options before = broker->options;
	broker->options = *fresh;
	broker_log_set(broker->log, fresh->log_time, fresh->debug, fresh->trace);
	broker__closed_resize(&broker->closed, broker->options.max_closed_clients);
	broker->wants_trace = broker_log_wants(broker->log, BROKER_LOG_TRACE);
	broker__sublist_touch(&broker->sublist);
	broker__read_clock(loop);
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		check_client(client, &before);
	close_surplus(broker);
	broker__finish_turn(loop);
	broker__files_move(broker, &before);
	broker_options_fini(&before);
}

void broker__reload(struct broker *broker)
{
	struct broker_options fresh;
	struct wire_fault fault;
	if (!broker->options.reload)
		return;
	struct net_tls_files *tls = NULL;
	int error = broker->options.reload(broker->options.reload_context, &fresh, &fault);
	if (error == 0 && (error = broker__secure_open(broker, &fresh, &tls, &fault)) < 0)
		broker_options_fini(&fresh);
	if (error) {
		broker_log(broker->log, BROKER_LOG_ERROR, "Failed to reload server configuration: %s",
			   fault.text);
		return;
	}
	net_tls_files_close(broker->tls);
	broker->tls = tls;
	adopt(broker, &fresh);
	broker_log(broker->log, BROKER_LOG_INFO, "Reloaded server configuration");
}
