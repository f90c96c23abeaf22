#include "tap/session/sessions.h"

#include <stdlib.h>

#include "tap/session/connection_events.h"
#include "tap/session/operations.h"
#include "tap/session/recognition.h"
#include "tap/session/subscriptions.h"
#include "tap/session/unseen_subs.h"

/* NATS is expected here when no port is given: it is registered for NATS. */
static const uint16_t default_port = 4222;

static void forget(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	for (int i = 0; i < TAP_PEERS; i++) {
		const struct tap__op_stream *stream = &connection->streams[i];
		if (connection->conn != 0) {
			sessions->stats.whole_bytes += stream->whole_bytes;
			sessions->stats.partial_bytes += stream->partial_bytes;
			sessions->stats.lost_bytes += stream->lost_bytes;
		}
		tap__op_stream_fini(&connection->streams[i]);
	}
	sessions->stats.open_connections -= connection->conn != 0;
	if (connection->conn == 0) {
		sessions->stats.unrecognised++;
		sessions->stats.unrecognised_bytes += connection->bytes;
	}
	tap__subscriptions_fini(sessions, connection, time_ns);
	tap_join_await(sessions->join, connection->client, 0, INT64_MAX, time_ns);
	tap__client_release(connection->client);
	tap__connection_forget(sessions, connection);
	free(connection);
	tap_budget_give(sessions->budget, sizeof *connection + sizeof *connection->client);
}

static struct tap__connection *make_connection(void)
{
	struct tap__connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		return NULL;
	connection->client = tap__client_open(0);
	if (connection->client)
		return connection;
	free(connection);
	return NULL;
}

/* There is no memory to follow the connection: its subscriptions and its end will not be seen. */
static void refuse(struct tap_sessions *sessions, const struct tap_flow_info *info, int64_t time_ns)
{
	enum tap_peer server = tap_peer_other(tap__guess_client(sessions, info));
	sessions->watched_ns = time_ns;
	sessions->stats.refused++;
	if (tap__is_nats_expected(sessions, info))
		tap_join_set_unseen_subs(sessions->join,
					 tap__servers_add_unseen(&sessions->servers, &info->ends[server]),
					 INT64_MAX);
}

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct tap_sessions *sessions = (struct tap_sessions *)handler;
	struct tap__connection *connection = NULL;
	if (sessions->watched_ns == 0)
		sessions->watched_ns = time_ns;
	if (tap_budget_take(sessions->budget, sizeof *connection + sizeof *connection->client)) {
		connection = make_connection();
		if (!connection)
			tap_budget_give(sessions->budget, sizeof *connection + sizeof *connection->client);
	}
	if (!connection) {
		refuse(sessions, info, time_ns);
		return NULL;
	}
	*connection = (struct tap__connection){.info = *info,
					       .is_expected = tap__is_nats_expected(sessions, info),
					       .client_peer = tap__guess_client(sessions, info),
					       .client = connection->client,
					       .subs = {.budget = sessions->budget}};
	for (int i = 0; i < TAP_PEERS; i++) {
		tap__op_stream_init(&connection->streams[i], !info->is_midstream, sessions->budget);
		tap__op_stream_set_quiet(&connection->streams[i], sessions->watched_ns);
	}
	if (connection->is_expected)
		tap__expect_nats(sessions, connection);
	if (connection->is_expected && info->is_midstream)
		tap__unseen_subs_begin(sessions, connection);
	return connection;
}

static bool take_data(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct tap_sessions *sessions = (struct tap_sessions *)handler;
	struct tap__connection *connection = flow;
	bool is_wanted = true;
	connection->bytes += bytes.len;
	if (connection->state == TAP__SESSION_UNRECOGNISED)
		tap__check_first_bytes(sessions, connection, from, time_ns, bytes);
	if (connection->state == TAP__SESSION_UNDECODED) {
		connection->undecoded_bytes += bytes.len;
	} else if (connection->state == TAP__SESSION_UPGRADING) {
		is_wanted = tap__check_upgrade(sessions, connection, from, time_ns, bytes);
	} else {
		bool was_known = connection->state == TAP__SESSION_DECODED;
		tap__op_stream_feed(&connection->streams[from], time_ns, bytes);
		tap__operations_decode(sessions, connection, from);
		if (!was_known && connection->state == TAP__SESSION_DECODED)
			tap__operations_decode(sessions, connection,
					       tap_peer_other(from)); /* what it sent before counts now */
		is_wanted = tap__may_be_nats(connection, from);
	}
	if (!is_wanted)
		forget(sessions, connection, time_ns);
	return is_wanted;
}

static bool take_hole(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	struct tap_sessions *sessions = (struct tap_sessions *)handler;
	struct tap__connection *connection = flow;
	connection->bytes += bytes;
	if (connection->state == TAP__SESSION_UNDECODED || connection->state == TAP__SESSION_UPGRADING) {
		connection->undecoded_bytes += bytes;
		return true;
	}
	if (from != connection->client_peer)
		connection->client->hole_ns = time_ns;
	tap__op_stream_hole(&connection->streams[from], time_ns, bytes, why);
	tap__operations_decode(sessions, connection, from);
	return true;
}

static void take_push(struct tap_flow_handler *handler, void *flow, enum tap_peer from, int64_t time_ns)
{
	struct tap__connection *connection = flow;
	(void)handler;
	(void)time_ns;
	if (connection->state == TAP__SESSION_UNRECOGNISED || connection->state == TAP__SESSION_DECODED)
		tap__op_stream_push(&connection->streams[from]);
}

static void end_undecoded(struct tap_sessions *sessions, const struct tap__connection *connection,
			  int64_t time_ns)
{
	sessions->stats.undecoded_bytes[connection->undecoded] += connection->undecoded_bytes;
	if (connection->undecoded_bytes > 0)
		tap__connection_undecoded_gap(sessions, connection, time_ns);
}

/* A possible request for a WebSocket on a port where NATS is expected was not answered. */
static void end_upgrade(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	const struct tap__gap gap = {.bytes = connection->undecoded_bytes,
				     .from_ns = connection->undecoded_since_ns,
				     .to_ns = time_ns,
				     .why = TAP__UNPARSED};
	sessions->stats.lost_bytes += gap.bytes;
	tap__connection_begin(sessions, connection, time_ns, NULL);
	tap__connection_gap(sessions, connection, time_ns, &gap);
}

static void end_sides(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	for (int i = 0; i < TAP_PEERS; i++) {
		tap__op_stream_end(&connection->streams[i], time_ns);
		tap__operations_decode(sessions, connection, (enum tap_peer)i);
	}
}

/* The connection ended without FIN: what its server sent to it or received from it until then is unknown. */
static void lose_sight(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		       enum tap_end why)
{
	connection->client->hole_ns = time_ns;
	if (why != TAP_END_EVICTED)
		tap__unseen_subs_end(sessions, connection, time_ns);
	else if (connection->conn != 0)
		tap__unseen_subs_begin(sessions, connection);
}

static void close_flow(struct tap_flow_handler *handler, void *flow, int64_t time_ns, enum tap_end why)
{
	struct tap_sessions *sessions = (struct tap_sessions *)handler;
	struct tap__connection *connection = flow;
	bool was_upgrade = connection->state == TAP__SESSION_UPGRADING;
	if (why == TAP_END_EVICTED || why == TAP_END_RESET)
		sessions->watched_ns = time_ns; /* the connection may appear again */
	if (connection->is_expected)
		tap__recognise(sessions, connection);
	if (connection->state == TAP__SESSION_DECODED)
		end_sides(sessions, connection, time_ns);
	if (connection->state == TAP__SESSION_DECODED && was_upgrade)
		end_upgrade(sessions, connection, time_ns);
	if (connection->state == TAP__SESSION_UNDECODED)
		end_undecoded(sessions, connection, time_ns);
	if (connection->conn != 0)
		tap__report_early_gaps(sessions, connection, time_ns);
	if (connection->has_begun && why != TAP_END_CAPTURE)
		tap__connection_end(sessions, connection, time_ns, why);
	if (tap_end_is_whole(why))
		tap__unseen_subs_end(sessions, connection, time_ns);
	else
		lose_sight(sessions, connection, time_ns, why);
	forget(sessions, connection, time_ns);
}

static void take_leftover(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			  const struct tap_leftover *left)
{
	struct tap_sessions *sessions = (struct tap_sessions *)handler;
	if (!info || tap__may_have_been_nats(sessions, info))
		tap__connection_leftover(sessions, info, time_ns, left);
}

/* ---- opening and closing ---- */

struct tap_sessions *tap_sessions_open(const struct tap_sessions_options *options, struct tap_join *join,
				       struct tap_budget *budget)
{
	struct tap_sessions *sessions = calloc(1, sizeof *sessions);
	if (sessions && options->has_other_clients)
		tap_join_assume_unseen_subs(join);
	if (sessions)
		*sessions =
		    (struct tap_sessions){.handler = {.open = open_flow,
						      .data = take_data,
						      .hole = take_hole,
						      .close = close_flow,
						      .leftover = take_leftover,
						      .pushed = take_push},
					  .join = join,
					  .budget = budget,
					  .ports = options->ports_count > 0 ? options->ports : &default_port,
					  .ports_count = options->ports_count > 0 ? options->ports_count : 1,
					  .next_conn = options->first_conn,
					  .names_servers = options->names_servers};
	return sessions;
}

void tap_sessions_close(struct tap_sessions *sessions)
{
	if (!sessions)
		return;
	tap__servers_fini(&sessions->servers);
	free(sessions);
}

void tap_sessions_set_first_conn(struct tap_sessions *sessions, uint64_t first_conn)
{
	sessions->next_conn = first_conn;
}

void tap_sessions_note_held(void *flow, int64_t time_ns)
{
	struct tap__connection *connection = flow;
	connection->client->held_ns = time_ns;
}

bool tap_sessions_is_behind(const struct tap_sessions *sessions, const void *flow, int64_t now_ns)
{
	const struct tap__connection *connection = flow;
	return tap_join_is_behind(sessions->join, connection->server, now_ns);
}

struct tap_flow_handler *tap_sessions_handler(struct tap_sessions *sessions)
{
	return &sessions->handler;
}

const struct tap_sessions_stats *tap_sessions_stats(const struct tap_sessions *sessions)
{
	return &sessions->stats;
}
