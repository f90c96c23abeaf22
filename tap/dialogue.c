#include "tap/dialogue.h"

#include <stdlib.h>

#include "tap/connection.h"
#include "tap/interest.h"
#include "tap/listeners.h"
#include "tap/opaque.h"

enum {
	MAX_PAYLOAD =
	    8 << 20, /* believed until an INFO tells: what nats-server's documentation advises at most */
	MAX_PAYLOAD_LIMIT = 64 << 20, /* believed whatever an INFO tells: what nats-server allows at most */
	PATIENCE_BYTES = 1 << 20, /* that are no operations, of a connection whose beginning was not seen */
	UPGRADE_PATIENCE = 4,     /* pieces of an answer in which the INFO must show */
};

/* ---- recognition ---- */

static void set_roles(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side client)
{
	enum tap_side server = tap__other(client);
	connection->has_roles = true;
	connection->client = client;
	connection->sides[client].verbs = TAP__CLIENT_VERBS;
	connection->sides[server].verbs = TAP__SERVER_VERBS;
	connection->server = tap__servers_at(&dialogue->servers, &connection->info.ends[server]);
}

/* It is NATS. */
static void recognise(struct tap_dialogue *dialogue, struct tap__connection *connection)
{
	if (connection->conn != 0)
		return;
	connection->standing = TAP__KNOWN;
	connection->conn = connection->peer->conn = dialogue->next_conn++;
	dialogue->stats.connections++;
	dialogue->stats.open_connections++;
	for (int i = 0; i < TAP_SIDES; i++)
		tap__operations_trust(&connection->sides[i]);
}

/* Gaps from before it was recognised are told once its client is known. */
static void tell_early_gaps(struct tap_dialogue *dialogue, struct tap__connection *connection)
{
	for (int i = 0; i < TAP_SIDES; i++) {
		if (connection->early[i].bytes == 0)
			continue;
		tap__connection_begin(dialogue, connection, connection->early[i].to_ns, NULL);
		tap__connection_gap(dialogue, connection, &connection->early[i]);
		connection->early[i].bytes = 0;
	}
}

static void become_opaque(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			  enum tap_opaque kind)
{
	recognise(dialogue, connection);
	tap__connection_begin(dialogue, connection, time_ns, NULL);
	tap__connection_blind(dialogue, connection);
	connection->standing = TAP__OPAQUE;
	connection->opaque = kind;
	connection->opaque_since_ns = time_ns;
	for (int i = 0; i < TAP_SIDES; i++)
		connection->opaque_bytes += tap__operations_drop(&connection->sides[i]);
	dialogue->stats.opaque[kind]++;
}

/* The first bytes of a side, before anything is known. */
static void look_at_start(struct tap_dialogue *dialogue, struct tap__connection *connection,
			  enum tap_side from, int64_t time_ns, struct wire_slice bytes)
{
	if (from != TAP_ORIGINATOR || !connection->sides[from].is_start ||
	    connection->sides[from].kept_len > 0)
		return;
	if (connection->is_expected && tap__opaque_recognise(bytes) == TAP_OPAQUE_TLS)
		become_opaque(dialogue, connection, time_ns, TAP_OPAQUE_TLS);
	else if (tap__opaque_is_get(bytes))
		connection->standing = TAP__UPGRADE;
}

/* The answer to what may be a request for a WebSocket. False: it is none, or not one of ours. */
static bool look_for_upgrade(struct tap_dialogue *dialogue, struct tap__connection *connection,
			     enum tap_side from, int64_t time_ns, struct wire_slice bytes)
{
	connection->opaque_bytes += bytes.len;
	if (from == TAP_RESPONDER && tap__opaque_has_info(bytes))
		become_opaque(dialogue, connection, time_ns, TAP_OPAQUE_WEBSOCKET);
	else if (from == TAP_RESPONDER)
		connection->upgrade_answers++;
	return connection->upgrade_answers < UPGRADE_PATIENCE;
}

/* False when it has shown that it is something else. Where the beginning of a side was seen, its first line tells;
 * elsewhere an operation must come up within the patience. */
static bool may_be_nats(const struct tap__connection *connection, enum tap_side from)
{
	const struct tap__operations *side = &connection->sides[from];
	if (connection->standing != TAP__UNKNOWN || connection->is_expected)
		return true;
	if (!connection->info.is_midstream && side->lost_bytes > 0 &&
	    side->lost_bytes == side->rejected_bytes)
		return false;
	return connection->sides[TAP_ORIGINATOR].rejected_bytes +
		   connection->sides[TAP_RESPONDER].rejected_bytes <
	       PATIENCE_BYTES;
}

/* ---- what is said ---- */

static void hear_info(struct tap_dialogue *dialogue, struct tap__connection *connection,
		      const struct wire_op *op)
{
	struct wire_info_seen seen;
	const struct tap_endpoint *end = &connection->info.ends[tap__other(connection->client)];
	if (connection->peer->hole_ns == INT64_MAX &&
	    connection->sides[tap__other(connection->client)].lost_bytes == 0)
		connection->peer->hole_ns = INT64_MIN;
	if (wire_info_read(&seen, op->args) != 0)
		return;
	connection->server = tap__servers_name(&dialogue->servers, end, seen.server_id);
	if (tap__servers_are_blind(&dialogue->servers, connection->server))
		tap_join_set_blind(dialogue->join, connection->server, INT64_MAX);
	if (seen.max_payload == 0)
		return;
	uint32_t max_payload =
	    seen.max_payload < MAX_PAYLOAD_LIMIT ? (uint32_t)seen.max_payload : MAX_PAYLOAD_LIMIT;
	for (int i = 0; i < TAP_SIDES; i++)
		connection->sides[i].limits.max_payload = max_payload;
}

static void hear_connect(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			 const struct wire_op *op)
{
	struct wire_connect connect;
	if (wire_connect_read(&connect, op->args) != 0) {
		tap__connection_begin(dialogue, connection, time_ns, NULL);
		return;
	}
	connection->peer->has_no_echo = !connect.echo;
	tap__connection_begin(dialogue, connection, time_ns, &connect);
	wire_connect_fini(&connect);
}

/* Hot: once for every message and every delivery. */
static void hear_message(struct tap_dialogue *dialogue, struct tap__connection *connection,
			 const struct tap__operations *side, bool is_partial)
{
	const struct wire_op *op = &side->op;
	const struct tap_join_message message = {
	    .time_ns = side->time_ns,
	    .server = connection->server,
	    .op = op,
	    .subject_hash = tap__subject_hash(connection->server, op->subject),
	    .size = is_partial ? side->announced_bytes : op->payload.len,
	    .is_partial = is_partial,
	};
	if (op->verb == WIRE_PUB || op->verb == WIRE_HPUB) {
		connection->peer->said++;
		tap_join_publish(dialogue->join, connection->peer, &message);
	} else {
		tap__listeners_deliver(dialogue, connection, &message);
	}
}

/* What a verb says of the side that said it. */
static bool is_client_verb(enum wire_verb verb)
{
	return verb == WIRE_CONNECT || verb == WIRE_PUB || verb == WIRE_HPUB || verb == WIRE_SUB ||
	       verb == WIRE_UNSUB;
}

static bool is_server_verb(enum wire_verb verb)
{
	return verb == WIRE_INFO || verb == WIRE_MSG || verb == WIRE_HMSG || verb == WIRE_ERR;
}

/* The first operation that tells who is who. */
static void meet(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from,
		 enum wire_verb verb)
{
	recognise(dialogue, connection);
	if (is_client_verb(verb))
		set_roles(dialogue, connection, from);
	else if (is_server_verb(verb))
		set_roles(dialogue, connection, tap__other(from));
	else
		return;
	if (connection->info.is_midstream)
		tap__connection_blind(dialogue, connection);
	else if (verb != WIRE_INFO)
		connection->peer->hole_ns = INT64_MAX; /* until it turns out that the server is heard, too */
	tell_early_gaps(dialogue, connection);
}

static void await_answer(struct tap_dialogue *dialogue, struct tap__connection *connection)
{
	tap_join_await(dialogue->join, connection->peer, connection->server,
		       tap__client_waits_since(connection->peer));
}

static void hear_ping(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns)
{
	if (connection->is_blind)
		return;
	tap__client_ping(connection->peer, time_ns);
	await_answer(dialogue, connection);
}

/* The server answered: what the client said up to here was processed. Answers to what was not seen prove nothing. */
static void hear_answer(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			enum wire_verb verb)
{
	struct tap__client *client = connection->peer;
	if (connection->is_blind)
		return;
	uint64_t said =
	    verb == WIRE_PONG ? tap__client_pong(client, time_ns) : tap__client_ok(client, time_ns);
	tap__listeners_processed(dialogue, connection, time_ns, said);
	await_answer(dialogue, connection);
}

/* PING, PONG, +OK: nothing that a log has. */
static void hear_weak(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from,
		      enum wire_verb verb)
{
	if (from == connection->client && verb == WIRE_PING)
		hear_ping(dialogue, connection, connection->sides[from].time_ns);
	else if (from != connection->client && verb != WIRE_PING)
		hear_answer(dialogue, connection, connection->sides[from].time_ns, verb);
}

static void hear_error(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
		       struct wire_slice text)
{
	tap__connection_error(dialogue, connection, time_ns, text);
	tap__listeners_error(dialogue, connection, text);
}

static void hear_rare(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from)
{
	const struct tap__operations *side = &connection->sides[from];
	const struct wire_op *op = &side->op;
	int64_t time_ns = side->time_ns;
	if (op->verb != WIRE_CONNECT && op->verb != WIRE_INFO && !tap__is_weak(op->verb))
		tap__connection_begin(dialogue, connection, time_ns, NULL);
	connection->peer->said += from == connection->client && !tap__is_weak(op->verb);
	switch (op->verb) {
	case WIRE_INFO:
		if (from == connection->client)
			become_opaque(dialogue, connection, time_ns, TAP_OPAQUE_SERVERS);
		else
			hear_info(dialogue, connection, op);
		break;
	case WIRE_CONNECT: hear_connect(dialogue, connection, time_ns, op); break;
	case WIRE_SUB: tap__listeners_sub(dialogue, connection, time_ns, op); break;
	case WIRE_UNSUB: tap__listeners_unsub(dialogue, connection, time_ns, op); break;
	case WIRE_ERR: hear_error(dialogue, connection, time_ns, op->args); break;
	default: hear_weak(dialogue, connection, from, op->verb); break;
	}
}

static void hear(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from,
		 bool is_partial)
{
	const struct tap__operations *side = &connection->sides[from];
	enum wire_verb verb = side->op.verb;
	if (!connection->has_roles)
		meet(dialogue, connection, from, verb);
	if (verb != WIRE_PUB && verb != WIRE_HPUB && verb != WIRE_MSG && verb != WIRE_HMSG) {
		hear_rare(dialogue, connection, from);
		return;
	}
	if (!connection->has_begun)
		tap__connection_begin(dialogue, connection, side->time_ns, NULL);
	hear_message(dialogue, connection, side, is_partial);
}

static void hear_gap(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from)
{
	const struct tap__operations *side = &connection->sides[from];
	if (from != connection->client)
		connection->peer->hole_ns = side->time_ns;
	if (connection->has_roles) {
		tap__connection_begin(dialogue, connection, side->time_ns, NULL);
		tap__connection_gap(dialogue, connection, &side->told);
	} else if (connection->early[from].bytes == 0) {
		connection->early[from] = side->told;
	} else {
		connection->early[from].bytes += side->told.bytes;
		connection->early[from].to_ns = side->told.to_ns;
	}
}

/* Everything there is to be heard of a side. */
static void listen(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side from)
{
	struct tap__operations *side = &connection->sides[from];
	enum tap__item item;
	while (connection->standing != TAP__OPAQUE && (item = tap__operations_next(side)) != TAP__MORE) {
		if (item == TAP__OP || item == TAP__PARTIAL) {
			hear(dialogue, connection, from, item == TAP__PARTIAL);
		} else if (item == TAP__GAP) {
			hear_gap(dialogue, connection, from);
		} else {
			enum tap_opaque kind = tap__opaque_recognise(tap__operations_rest(side));
			if (kind != TAP_OPAQUES)
				become_opaque(dialogue, connection, side->time_ns, kind);
		}
	}
	if (side->mode == TAP__HUNTING && connection->has_roles && from == connection->client)
		tap__connection_blind(dialogue, connection); /* a SUB may have been missed */
}

/* ---- the seam ---- */

static bool is_expected(const struct tap_dialogue *dialogue, const struct tap_flow_info *info)
{
	for (size_t i = 0; i < dialogue->ports_count; i++)
		if (info->ends[TAP_RESPONDER].port == dialogue->ports[i] ||
		    (info->is_midstream && info->ends[TAP_ORIGINATOR].port == dialogue->ports[i]))
			return true;
	return false;
}

static void forget(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns)
{
	for (int i = 0; i < TAP_SIDES; i++) {
		const struct tap__operations *side = &connection->sides[i];
		if (connection->conn != 0) {
			dialogue->stats.whole_bytes += side->whole_bytes;
			dialogue->stats.partial_bytes += side->partial_bytes;
			dialogue->stats.lost_bytes += side->lost_bytes;
		}
		tap__operations_fini(&connection->sides[i]);
	}
	dialogue->stats.open_connections -= connection->conn != 0;
	dialogue->stats.unrecognised += connection->conn == 0;
	tap__listeners_fini(dialogue, connection, time_ns);
	tap_join_await(dialogue->join, connection->peer, 0, INT64_MAX);
	tap__client_release(connection->peer);
	free(connection);
	tap_budget_give(dialogue->budget, sizeof *connection + sizeof *connection->peer);
}

static struct tap__connection *make_connection(void)
{
	struct tap__connection *connection = calloc(1, sizeof *connection);
	if (!connection)
		return NULL;
	connection->peer = tap__client_open(0);
	if (connection->peer)
		return connection;
	free(connection);
	return NULL;
}

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = NULL;
	(void)time_ns;
	if (tap_budget_take(dialogue->budget, sizeof *connection + sizeof *connection->peer)) {
		connection = make_connection();
		if (!connection)
			tap_budget_give(dialogue->budget, sizeof *connection + sizeof *connection->peer);
	}
	if (!connection) {
		dialogue->stats.refused++;
		return NULL;
	}
	*connection = (struct tap__connection){.info = *info,
					       .is_expected = is_expected(dialogue, info),
					       .client = TAP_ORIGINATOR,
					       .peer = connection->peer,
					       .subs = {.budget = dialogue->budget}};
	for (int i = 0; i < TAP_SIDES; i++)
		tap__operations_init(&connection->sides[i], !info->is_midstream, MAX_PAYLOAD,
				     dialogue->budget);
	return connection;
}

static bool take_data(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = flow;
	bool is_wanted = true;
	if (connection->standing == TAP__UNKNOWN)
		look_at_start(dialogue, connection, from, time_ns, bytes);
	if (connection->standing == TAP__OPAQUE) {
		connection->opaque_bytes += bytes.len;
	} else if (connection->standing == TAP__UPGRADE) {
		is_wanted = look_for_upgrade(dialogue, connection, from, time_ns, bytes);
	} else {
		bool was_known = connection->standing == TAP__KNOWN;
		tap__operations_feed(&connection->sides[from], time_ns, bytes);
		listen(dialogue, connection, from);
		if (!was_known && connection->standing == TAP__KNOWN)
			listen(dialogue, connection, tap__other(from)); /* what it said before counts now */
		is_wanted = may_be_nats(connection, from);
	}
	if (!is_wanted)
		forget(dialogue, connection, time_ns);
	return is_wanted;
}

static bool take_hole(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns,
		      uint64_t bytes, enum tap_hole why)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = flow;
	if (connection->standing == TAP__OPAQUE || connection->standing == TAP__UPGRADE) {
		connection->opaque_bytes += bytes;
		return true;
	}
	if (from != connection->client)
		connection->peer->hole_ns = time_ns;
	tap__operations_hole(&connection->sides[from], time_ns, bytes, why);
	listen(dialogue, connection, from);
	return true;
}

static void end_opaque(struct tap_dialogue *dialogue, const struct tap__connection *connection,
		       int64_t time_ns)
{
	dialogue->stats.opaque_bytes[connection->opaque] += connection->opaque_bytes;
	if (connection->opaque_bytes > 0)
		tap__connection_opaque_gap(dialogue, connection, time_ns);
}

/* The connection ended without a farewell: what the server still sent to it, or received from it, is not known. */
static void lose_sight(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
		       enum tap_end why)
{
	connection->peer->hole_ns = time_ns;
	if (why != TAP_END_EVICTED)
		tap__connection_unblind(dialogue, connection, time_ns);
	else if (connection->conn != 0)
		tap__connection_blind(dialogue, connection);
}

static void close_flow(struct tap_flow_handler *handler, void *flow, int64_t time_ns, enum tap_end why)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = flow;
	for (int i = 0; i < TAP_SIDES && connection->standing == TAP__KNOWN; i++) {
		tap__operations_end(&connection->sides[i], time_ns);
		listen(dialogue, connection, (enum tap_side)i);
	}
	if (connection->standing == TAP__OPAQUE)
		end_opaque(dialogue, connection, time_ns);
	if (connection->has_begun && why != TAP_END_CAPTURE)
		tap__connection_end(dialogue, connection, time_ns, why);
	if (why == TAP_END_CLOSED)
		tap__connection_unblind(dialogue, connection, time_ns);
	else
		lose_sight(dialogue, connection, time_ns, why);
	forget(dialogue, connection, time_ns);
}

/* ---- opening and closing ---- */

struct tap_dialogue *tap_dialogue_open(const struct tap_dialogue_options *options, struct tap_join *join,
				       struct tap_budget *budget)
{
	struct tap_dialogue *dialogue = calloc(1, sizeof *dialogue);
	if (dialogue)
		*dialogue = (struct tap_dialogue){.handler = {open_flow, take_data, take_hole, close_flow},
						  .join = join,
						  .budget = budget,
						  .ports = options->ports,
						  .ports_count = options->ports_count,
						  .next_conn = options->first_conn};
	return dialogue;
}

void tap_dialogue_close(struct tap_dialogue *dialogue)
{
	if (!dialogue)
		return;
	tap__servers_fini(&dialogue->servers);
	free(dialogue);
}

void tap_dialogue_set_first_conn(struct tap_dialogue *dialogue, uint64_t first_conn)
{
	dialogue->next_conn = first_conn;
}

struct tap_flow_handler *tap_dialogue_handler(struct tap_dialogue *dialogue)
{
	return &dialogue->handler;
}

const struct tap_dialogue_stats *tap_dialogue_stats(const struct tap_dialogue *dialogue)
{
	return &dialogue->stats;
}
