#include "tap/session/recognition.h"

#include "tap/session/connection_events.h"
#include "tap/session/undecoded.h"
#include "tap/session/unseen_subs.h"

enum {
	PATIENCE_BYTES = 4 << 20, /* not understood, of a connection whose beginning was not seen */
	UPGRADE_PATIENCE = 4,     /* parts of an answer within which the INFO must come */
};

/* ---- where NATS is expected ---- */

static bool is_port_expected(const struct tap_sessions *sessions, uint16_t port)
{
	for (size_t i = 0; i < sessions->ports_count; i++)
		if (sessions->ports[i] == port)
			return true;
	return false;
}

/* When the beginning was not seen, either end may be the server. */
bool tap__is_nats_expected(const struct tap_sessions *sessions, const struct tap_flow_info *info)
{
	return is_port_expected(sessions, info->ends[TAP_RESPONDER].port) ||
	       (info->is_midstream && is_port_expected(sessions, info->ends[TAP_ORIGINATOR].port));
}

enum tap_peer tap__guess_client(const struct tap_sessions *sessions, const struct tap_flow_info *info)
{
	return tap__is_nats_expected(sessions, info) &&
		       !is_port_expected(sessions, info->ends[TAP_RESPONDER].port)
		   ? TAP_RESPONDER
		   : TAP_ORIGINATOR;
}

/* Apply the payload limit of the server at an end of the connection, if it is known. */
static void apply_max_payload(struct tap_sessions *sessions, struct tap__connection *connection,
			      enum tap_peer server)
{
	const uint64_t *known = tap__servers_max_payload(&sessions->servers, &connection->info.ends[server]);
	for (int i = 0; i < TAP_PEERS && known && *known > 0; i++)
		tap__op_stream_set_max_payload(&connection->streams[i], *known);
}

void tap__expect_nats(struct tap_sessions *sessions, struct tap__connection *connection)
{
	for (int i = 0; i < TAP_PEERS; i++) {
		tap__op_stream_trust(&connection->streams[i]);
		if (is_port_expected(sessions, connection->info.ends[i].port))
			apply_max_payload(sessions, connection, (enum tap_peer)i);
	}
}

bool tap__may_have_been_nats(const struct tap_sessions *sessions, const struct tap_flow_info *info)
{
	struct tap_flow_info either = *info;
	either.is_midstream = true;
	return tap__is_nats_expected(sessions, &either) ||
	       tap__servers_know(&sessions->servers, &info->ends[TAP_ORIGINATOR]) ||
	       tap__servers_know(&sessions->servers, &info->ends[TAP_RESPONDER]);
}

/* ---- while bytes come ---- */

void tap__recognition_set_roles(struct tap_sessions *sessions, struct tap__connection *connection,
				enum tap_peer client)
{
	enum tap_peer server = tap_peer_other(client);
	if (client != connection->client_peer) /* the end that was guessed to be a server is none */
		tap__unseen_subs_end(sessions, connection, connection->streams[client].time_ns);
	connection->has_roles = true;
	connection->client_peer = client;
	connection->streams[client].verbs = TAP__CLIENT_VERBS;
	connection->streams[server].verbs = TAP__SERVER_VERBS;
	connection->server = tap__servers_at(&sessions->servers, &connection->info.ends[server]);
	apply_max_payload(sessions, connection, server);
}

void tap__recognise(struct tap_sessions *sessions, struct tap__connection *connection)
{
	if (connection->conn != 0)
		return;
	connection->state = TAP__SESSION_DECODED;
	connection->conn = connection->client->conn =
	    connection->info.conn ? connection->info.conn : sessions->next_conn++;
	sessions->stats.connections++;
	sessions->stats.open_connections++;
	for (int i = 0; i < TAP_PEERS; i++)
		tap__op_stream_trust(&connection->streams[i]);
}

void tap__report_early_gaps(struct tap_sessions *sessions, struct tap__connection *connection,
			    int64_t time_ns)
{
	for (int i = 0; i < TAP_PEERS; i++) {
		if (connection->early[i].bytes == 0)
			continue;
		tap__connection_begin(sessions, connection, time_ns, NULL);
		tap__connection_gap(sessions, connection, time_ns, &connection->early[i]);
		connection->early[i].bytes = 0;
	}
}

void tap__stop_decoding(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
			enum tap_undecoded_kind kind)
{
	tap__recognise(sessions, connection);
	tap__connection_begin(sessions, connection, time_ns, NULL);
	tap__unseen_subs_begin(sessions, connection);
	connection->state = TAP__SESSION_UNDECODED;
	connection->undecoded = kind;
	connection->undecoded_since_ns = time_ns;
	for (int i = 0; i < TAP_PEERS; i++)
		connection->undecoded_bytes += tap__op_stream_drop(&connection->streams[i]);
	sessions->stats.undecoded[kind]++;
}

static void begin_upgrade(struct tap__connection *connection, int64_t time_ns)
{
	connection->state = TAP__SESSION_UPGRADING;
	connection->undecoded_since_ns = time_ns;
}

void tap__check_first_bytes(struct tap_sessions *sessions, struct tap__connection *connection,
			    enum tap_peer from, int64_t time_ns, struct wire_slice bytes)
{
	if (from != TAP_ORIGINATOR || !connection->streams[from].is_start ||
	    tap__op_buffer_keeps(&connection->streams[from].buffer))
		return;
	if (connection->is_expected && tap__undecoded_recognise(bytes) == TAP_UNDECODED_TLS)
		tap__stop_decoding(sessions, connection, time_ns, TAP_UNDECODED_TLS);
	else if (tap__undecoded_is_get(bytes))
		begin_upgrade(connection, time_ns);
}

bool tap__check_upgrade(struct tap_sessions *sessions, struct tap__connection *connection, enum tap_peer from,
			int64_t time_ns, struct wire_slice bytes)
{
	connection->undecoded_bytes += bytes.len;
	if (from == TAP_RESPONDER && tap__undecoded_has_info(bytes))
		tap__stop_decoding(sessions, connection, time_ns, TAP_UNDECODED_WEBSOCKET);
	else if (from == TAP_RESPONDER)
		connection->upgrade_answers++;
	return connection->is_expected || connection->upgrade_answers < UPGRADE_PATIENCE;
}

bool tap__may_be_nats(const struct tap__connection *connection, enum tap_peer from)
{
	const struct tap__op_stream *stream = &connection->streams[from];
	if (connection->state != TAP__SESSION_UNRECOGNISED || connection->is_expected)
		return true;
	if (!connection->info.is_midstream && stream->lost_bytes > 0 &&
	    stream->lost_bytes == stream->rejected_bytes)
		return false;
	return connection->streams[TAP_ORIGINATOR].rejected_bytes +
		   connection->streams[TAP_RESPONDER].rejected_bytes <
	       PATIENCE_BYTES;
}
