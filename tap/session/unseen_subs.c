#include "tap/session/unseen_subs.h"

static const struct tap_endpoint *server_end(const struct tap__connection *connection)
{
	return &connection->info.ends[tap_peer_other(connection->client_peer)];
}

void tap__unseen_subs_begin(struct tap_sessions *sessions, struct tap__connection *connection)
{
	if (connection->has_unseen_subs)
		return;
	connection->has_unseen_subs = true;
	connection->server = tap__servers_add_unseen(&sessions->servers, server_end(connection));
	tap_join_set_unseen_subs(sessions->join, connection->server, INT64_MAX);
}

void tap__unseen_subs_end(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	if (!connection->has_unseen_subs)
		return;
	connection->has_unseen_subs = false;
	uint32_t server = tap__servers_remove_unseen(&sessions->servers, server_end(connection));
	if (!tap__servers_have_unseen(&sessions->servers, server))
		tap_join_set_unseen_subs(sessions->join, server, time_ns);
}
