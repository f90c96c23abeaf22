#include "tap/session/operations.h"

#include "tap/session/connection_events.h"
#include "tap/session/interest.h"
#include "tap/session/recognition.h"
#include "tap/session/subscriptions.h"
#include "tap/session/undecoded.h"
#include "tap/session/unseen_subs.h"
#include "wire/mark.h"

static void add_mark(struct tap_sessions *sessions, int64_t time_ns, const char *text)
{
	const struct wire_event mark = {
	    .kind = WIRE_EVENT_MARK, .time_ns = time_ns, .text = wire_slice_str(text)};
	tap_join_event(sessions->join, &mark);
}

/* Add marks for a server that was not seen before, and for its cluster. */
static void name_server(struct tap_sessions *sessions, const struct tap_endpoint *end, int64_t time_ns,
			const struct wire_info_seen *seen, bool is_new)
{
	char text[WIRE_MARK_TEXT];
	if (is_new)
		add_mark(sessions, time_ns, wire_mark_server(text, seen->server_id));
	if (tap__servers_set_cluster(&sessions->servers, end, seen->cluster, time_ns))
		add_mark(sessions, time_ns, wire_mark_cluster(text, seen->cluster));
}

static void on_info(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		    const struct wire_op *op)
{
	struct wire_info_seen seen;
	bool is_new = false;
	const struct tap_endpoint *end = &connection->info.ends[tap_peer_other(connection->client_peer)];
	if (connection->client->hole_ns == INT64_MAX &&
	    connection->streams[tap_peer_other(connection->client_peer)].lost_bytes == 0)
		connection->client->hole_ns = INT64_MIN;
	if (wire_info_read(&seen, op->args) != 0)
		return;
	connection->server = tap__servers_name(&sessions->servers, end, seen.server_id, &is_new);
	if (tap__servers_have_unseen(&sessions->servers, connection->server))
		tap_join_set_unseen_subs(sessions->join, connection->server, INT64_MAX);
	if (sessions->names_servers)
		name_server(sessions, end, time_ns, &seen, is_new);
	if (*seen.account)
		tap__connection_set_account(sessions, connection, time_ns, seen.account);
	if (seen.max_payload <= 0)
		return;
	uint64_t *known = tap__servers_max_payload(&sessions->servers, end);
	if (known)
		*known = (uint64_t)seen.max_payload;
	for (int i = 0; i < TAP_PEERS; i++)
		tap__op_stream_set_max_payload(&connection->streams[i], (uint64_t)seen.max_payload);
}

static void on_connect(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		       const struct wire_op *op)
{
	struct wire_connect connect;
	if (wire_connect_read(&connect, op->args, NULL) != 0) {
		tap__connection_begin(sessions, connection, time_ns, NULL);
		return;
	}
	connection->client->has_no_echo = !connect.echo;
	tap__connection_begin(sessions, connection, time_ns, &connect);
	wire_connect_fini(&connect);
}

/* Hot: once for every message and every delivery. */
static void on_message(struct tap_sessions *sessions, struct tap__connection *connection,
		       const struct tap__op_stream *stream, bool is_partial)
{
	const struct wire_op *op = &stream->op;
	const struct tap_join_message message = {
	    .time_ns = stream->time_ns,
	    .server = connection->server,
	    .op = op,
	    .size = is_partial ? stream->announced_bytes : op->payload.len,
	    .is_partial = is_partial,
	};
	if (op->verb == WIRE_PUB || op->verb == WIRE_HPUB) {
		connection->client->op_number++;
		tap_join_publish(sessions->join, connection->client, &message);
	} else {
		tap__subscriptions_deliver(sessions, connection, &message);
	}
}

/* The peer that sends a verb, where only one of them does. */
static bool is_client_verb(enum wire_verb verb)
{
	return verb == WIRE_CONNECT || verb == WIRE_PUB || verb == WIRE_HPUB || verb == WIRE_SUB ||
	       verb == WIRE_UNSUB;
}

static bool is_server_verb(enum wire_verb verb)
{
	return verb == WIRE_INFO || verb == WIRE_MSG || verb == WIRE_HMSG || verb == WIRE_ERR;
}

/* The first operation that shows who is the client. */
static void assign_roles(struct tap_sessions *sessions, struct tap__connection *connection,
			 enum tap_peer from, enum wire_verb verb)
{
	tap__recognise(sessions, connection);
	if (is_client_verb(verb))
		tap__recognition_set_roles(sessions, connection, from);
	else if (is_server_verb(verb))
		tap__recognition_set_roles(sessions, connection, tap_peer_other(from));
	else
		return;
	if (connection->info.is_midstream)
		tap__unseen_subs_begin(sessions, connection);
	else if (verb != WIRE_INFO)
		connection->client->hole_ns = INT64_MAX; /* until the server's stream is seen, too */
	tap__report_early_gaps(sessions, connection, connection->streams[from].time_ns);
}

static void await_answer(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	tap_join_await(sessions->join, connection->client, connection->server,
		       tap__client_waits_since(connection->client), time_ns);
}

static void on_ping(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns)
{
	if (connection->has_unseen_subs)
		return;
	tap__client_ping(connection->client, time_ns);
	await_answer(sessions, connection, time_ns);
}

/* An answer proves that the server processed what the client sent before. It proves nothing when the client's
 * bytes were not all seen. */
static void on_answer(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		      enum wire_verb verb)
{
	struct tap__client *client = connection->client;
	if (connection->has_unseen_subs)
		return;
	uint64_t op_number =
	    verb == WIRE_PONG ? tap__client_pong(client, time_ns) : tap__client_ok(client, time_ns);
	tap__subscriptions_processed(sessions, connection, time_ns, op_number);
	await_answer(sessions, connection, time_ns);
}

/* PING, PONG, +OK: they are not events. */
static void on_ping_or_answer(struct tap_sessions *sessions, struct tap__connection *connection,
			      enum tap_peer from, enum wire_verb verb)
{
	if (from == connection->client_peer && verb == WIRE_PING)
		on_ping(sessions, connection, connection->streams[from].time_ns);
	else if (from != connection->client_peer && verb != WIRE_PING)
		on_answer(sessions, connection, connection->streams[from].time_ns, verb);
}

static void on_error(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
		     struct wire_slice text)
{
	tap__connection_error(sessions, connection, time_ns, text);
	tap__subscriptions_error(sessions, connection, text);
}

static void on_rare(struct tap_sessions *sessions, struct tap__connection *connection, enum tap_peer from)
{
	const struct tap__op_stream *stream = &connection->streams[from];
	const struct wire_op *op = &stream->op;
	int64_t time_ns = stream->time_ns;
	if (op->verb != WIRE_CONNECT && op->verb != WIRE_INFO && !tap__is_weak(op->verb))
		tap__connection_begin(sessions, connection, time_ns, NULL);
	connection->client->op_number += from == connection->client_peer && !tap__is_weak(op->verb);
	switch (op->verb) {
	case WIRE_INFO:
		if (from == connection->client_peer)
			tap__stop_decoding(sessions, connection, time_ns, TAP_UNDECODED_SERVERS);
		else
			on_info(sessions, connection, time_ns, op);
		break;
	case WIRE_CONNECT: on_connect(sessions, connection, time_ns, op); break;
	case WIRE_SUB: tap__subscriptions_sub(sessions, connection, time_ns, op); break;
	case WIRE_UNSUB: tap__subscriptions_unsub(sessions, connection, time_ns, op); break;
	case WIRE_ERR: on_error(sessions, connection, time_ns, op->args); break;
	default: on_ping_or_answer(sessions, connection, from, op->verb); break;
	}
}

static void on_operation(struct tap_sessions *sessions, struct tap__connection *connection,
			 enum tap_peer from, bool is_partial)
{
	const struct tap__op_stream *stream = &connection->streams[from];
	enum wire_verb verb = stream->op.verb;
	if (!connection->has_roles)
		assign_roles(sessions, connection, from, verb);
	if (verb != WIRE_PUB && verb != WIRE_HPUB && verb != WIRE_MSG && verb != WIRE_HMSG) {
		on_rare(sessions, connection, from);
		return;
	}
	if (!connection->has_begun)
		tap__connection_begin(sessions, connection, stream->time_ns, NULL);
	on_message(sessions, connection, stream, is_partial);
}

static void on_gap(struct tap_sessions *sessions, struct tap__connection *connection, enum tap_peer from)
{
	const struct tap__op_stream *stream = &connection->streams[from];
	if (from != connection->client_peer)
		connection->client->hole_ns = stream->time_ns;
	if (connection->has_roles) {
		tap__connection_begin(sessions, connection, stream->time_ns, NULL);
		tap__connection_gap(sessions, connection, stream->time_ns, &stream->reported);
	} else if (connection->early[from].bytes == 0) {
		connection->early[from] = stream->reported;
	} else {
		connection->early[from].bytes += stream->reported.bytes;
		connection->early[from].to_ns = stream->reported.to_ns;
	}
}

void tap__operations_decode(struct tap_sessions *sessions, struct tap__connection *connection,
			    enum tap_peer from)
{
	struct tap__op_stream *stream = &connection->streams[from];
	enum tap__item item;
	while (connection->state != TAP__SESSION_UNDECODED &&
	       (item = tap__op_stream_next(stream)) != TAP__MORE) {
		if (item == TAP__OP || item == TAP__PARTIAL) {
			on_operation(sessions, connection, from, item == TAP__PARTIAL);
		} else if (item == TAP__GAP) {
			on_gap(sessions, connection, from);
		} else {
			enum tap_undecoded_kind kind = tap__undecoded_recognise(tap__op_stream_rest(stream));
			if (kind != TAP_UNDECODED_KINDS)
				tap__stop_decoding(sessions, connection, stream->time_ns, kind);
		}
	}
	if (stream->mode == TAP__RESYNC && (connection->has_roles || connection->is_expected) &&
	    from == connection->client_peer)
		tap__unseen_subs_begin(sessions, connection); /* a SUB may have been missed */
}
