#include "tap/session/dialogue.h"

#include <stdlib.h>

#include "tap/session/connection.h"
#include "tap/session/interest.h"
#include "tap/session/listeners.h"
#include "tap/session/opaque.h"
#include "wire/mark.h"

/* Registered for NATS: where it is expected when no port is given. */
static const uint16_t default_port = 4222;

enum {
	PATIENCE_BYTES = 4 << 20, /* not understood, of a connection whose beginning was not seen */
	UPGRADE_PATIENCE = 4,     /* pieces of an answer in which the INFO must show */
};

/* ---- recognition ---- */

/* The limit of the server at an end of the connection, as far as it is known. */
static void apply_max_payload(struct tap_dialogue *dialogue, struct tap__connection *connection,
			      enum tap_side server)
{
	const uint64_t *known = tap__servers_max_payload(&dialogue->servers, &connection->info.ends[server]);
	for (int i = 0; i < TAP_SIDES && known && *known > 0; i++)
		tap__operations_set_max_payload(&connection->sides[i], *known);
}

static void set_roles(struct tap_dialogue *dialogue, struct tap__connection *connection, enum tap_side client)
{
	enum tap_side server = tap__other(client);
	if (client != connection->client) /* what the guess led to is no server */
		tap__connection_unblind(dialogue, connection, connection->sides[client].time_ns);
	connection->has_roles = true;
	connection->client = client;
	connection->sides[client].verbs = TAP__CLIENT_VERBS;
	connection->sides[server].verbs = TAP__SERVER_VERBS;
	connection->server = tap__servers_at(&dialogue->servers, &connection->info.ends[server]);
	apply_max_payload(dialogue, connection, server);
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

/* Gaps from before it was recognised are told once its client is known, or at the end. */
static void tell_early_gaps(struct tap_dialogue *dialogue, struct tap__connection *connection,
			    int64_t time_ns)
{
	for (int i = 0; i < TAP_SIDES; i++) {
		if (connection->early[i].bytes == 0)
			continue;
		tap__connection_begin(dialogue, connection, time_ns, NULL);
		tap__connection_gap(dialogue, connection, time_ns, &connection->early[i]);
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

static void begin_upgrade(struct tap__connection *connection, int64_t time_ns)
{
	connection->standing = TAP__UPGRADE;
	connection->opaque_since_ns = time_ns;
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
		begin_upgrade(connection, time_ns);
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
	return connection->is_expected || connection->upgrade_answers < UPGRADE_PATIENCE;
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

static void mark_server(struct tap_dialogue *dialogue, int64_t time_ns, const char *id)
{
	char text[WIRE_MARK_TEXT];
	const struct wire_event mark = {
	    .kind = WIRE_EVENT_MARK, .time_ns = time_ns, .text = wire_slice_str(wire_mark_server(text, id))};
	tap_join_event(dialogue->join, &mark);
}

static void hear_info(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
		      const struct wire_op *op)
{
	struct wire_info_seen seen;
	bool is_new = false;
	const struct tap_endpoint *end = &connection->info.ends[tap__other(connection->client)];
	if (connection->peer->hole_ns == INT64_MAX &&
	    connection->sides[tap__other(connection->client)].lost_bytes == 0)
		connection->peer->hole_ns = INT64_MIN;
	if (wire_info_read(&seen, op->args) != 0)
		return;
	connection->server = tap__servers_name(&dialogue->servers, end, seen.server_id, &is_new);
	if (tap__servers_are_blind(&dialogue->servers, connection->server))
		tap_join_set_blind(dialogue->join, connection->server, INT64_MAX);
	if (is_new && dialogue->names_servers)
		mark_server(dialogue, time_ns, seen.server_id);
	if (seen.max_payload <= 0)
		return;
	uint64_t *known = tap__servers_max_payload(&dialogue->servers, end);
	if (known)
		*known = (uint64_t)seen.max_payload;
	for (int i = 0; i < TAP_SIDES; i++)
		tap__operations_set_max_payload(&connection->sides[i], (uint64_t)seen.max_payload);
}

static void hear_connect(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns,
			 const struct wire_op *op)
{
	struct wire_connect connect;
	if (wire_connect_read(&connect, op->args, NULL) != 0) {
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
	tell_early_gaps(dialogue, connection, connection->sides[from].time_ns);
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
			hear_info(dialogue, connection, time_ns, op);
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
		tap__connection_gap(dialogue, connection, side->time_ns, &side->told);
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
	if (side->mode == TAP__HUNTING && (connection->has_roles || connection->is_expected) &&
	    from == connection->client)
		tap__connection_blind(dialogue, connection); /* a SUB may have been missed */
}

/* ---- the seam ---- */

static bool is_port_expected(const struct tap_dialogue *dialogue, uint16_t port)
{
	for (size_t i = 0; i < dialogue->ports_count; i++)
		if (dialogue->ports[i] == port)
			return true;
	return false;
}

/* Who accepted is a guess where the beginning was not seen. */
static bool is_expected(const struct tap_dialogue *dialogue, const struct tap_flow_info *info)
{
	return is_port_expected(dialogue, info->ends[TAP_RESPONDER].port) ||
	       (info->is_midstream && is_port_expected(dialogue, info->ends[TAP_ORIGINATOR].port));
}

/* Until the protocol tells: who opened the connection. Where that was not seen, NATS servers listen where NATS is expected,
 * whatever the other port is. */
static enum tap_side guess_client(const struct tap_dialogue *dialogue, const struct tap_flow_info *info)
{
	return is_expected(dialogue, info) && !is_port_expected(dialogue, info->ends[TAP_RESPONDER].port)
		   ? TAP_RESPONDER
		   : TAP_ORIGINATOR;
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
	if (connection->conn == 0) {
		dialogue->stats.unrecognised++;
		dialogue->stats.unrecognised_bytes += connection->bytes;
	}
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

/* What is said from the beginning on is NATS; of what was said before, or missed, the server's limit may be known. */
static void expect_nats(struct tap_dialogue *dialogue, struct tap__connection *connection)
{
	for (int i = 0; i < TAP_SIDES; i++) {
		tap__operations_trust(&connection->sides[i]);
		if (is_port_expected(dialogue, connection->info.ends[i].port))
			apply_max_payload(dialogue, connection, (enum tap_side)i);
	}
}

/* There is no memory to watch the connection: its subscriptions will not be seen, nor its end. */
static void refuse(struct tap_dialogue *dialogue, const struct tap_flow_info *info, int64_t time_ns)
{
	enum tap_side server = tap__other(guess_client(dialogue, info));
	dialogue->watched_ns = time_ns;
	dialogue->stats.refused++;
	if (is_expected(dialogue, info))
		tap_join_set_blind(dialogue->join,
				   tap__servers_add_blind(&dialogue->servers, &info->ends[server]),
				   INT64_MAX);
}

static void *open_flow(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = NULL;
	if (dialogue->watched_ns == 0)
		dialogue->watched_ns = time_ns;
	if (tap_budget_take(dialogue->budget, sizeof *connection + sizeof *connection->peer)) {
		connection = make_connection();
		if (!connection)
			tap_budget_give(dialogue->budget, sizeof *connection + sizeof *connection->peer);
	}
	if (!connection) {
		refuse(dialogue, info, time_ns);
		return NULL;
	}
	*connection = (struct tap__connection){.info = *info,
					       .is_expected = is_expected(dialogue, info),
					       .client = guess_client(dialogue, info),
					       .peer = connection->peer,
					       .subs = {.budget = dialogue->budget}};
	for (int i = 0; i < TAP_SIDES; i++) {
		tap__operations_init(&connection->sides[i], !info->is_midstream, dialogue->budget);
		tap__operations_set_quiet(&connection->sides[i], dialogue->watched_ns);
	}
	if (connection->is_expected)
		expect_nats(dialogue, connection);
	if (connection->is_expected && info->is_midstream)
		tap__connection_blind(dialogue, connection);
	return connection;
}

static bool take_data(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns,
		      struct wire_slice bytes)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	struct tap__connection *connection = flow;
	bool is_wanted = true;
	connection->bytes += bytes.len;
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
	connection->bytes += bytes;
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

static void take_push(struct tap_flow_handler *handler, void *flow, enum tap_side from, int64_t time_ns)
{
	struct tap__connection *connection = flow;
	(void)handler;
	(void)time_ns;
	if (connection->standing == TAP__UNKNOWN || connection->standing == TAP__KNOWN)
		tap__operations_push(&connection->sides[from]);
}

static void end_opaque(struct tap_dialogue *dialogue, const struct tap__connection *connection,
		       int64_t time_ns)
{
	dialogue->stats.opaque_bytes[connection->opaque] += connection->opaque_bytes;
	if (connection->opaque_bytes > 0)
		tap__connection_opaque_gap(dialogue, connection, time_ns);
}

/* A request for a WebSocket that was not answered, where NATS is expected. */
static void end_upgrade(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns)
{
	const struct tap__gap gap = {.bytes = connection->opaque_bytes,
				     .from_ns = connection->opaque_since_ns,
				     .to_ns = time_ns,
				     .why = TAP__UNDECODABLE};
	dialogue->stats.lost_bytes += gap.bytes;
	tap__connection_begin(dialogue, connection, time_ns, NULL);
	tap__connection_gap(dialogue, connection, time_ns, &gap);
}

static void end_sides(struct tap_dialogue *dialogue, struct tap__connection *connection, int64_t time_ns)
{
	for (int i = 0; i < TAP_SIDES; i++) {
		tap__operations_end(&connection->sides[i], time_ns);
		listen(dialogue, connection, (enum tap_side)i);
	}
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
	bool was_upgrade = connection->standing == TAP__UPGRADE;
	if (why == TAP_END_EVICTED || why == TAP_END_RESET)
		dialogue->watched_ns = time_ns; /* it may come again */
	if (connection->is_expected)
		recognise(dialogue, connection);
	if (connection->standing == TAP__KNOWN)
		end_sides(dialogue, connection, time_ns);
	if (connection->standing == TAP__KNOWN && was_upgrade)
		end_upgrade(dialogue, connection, time_ns);
	if (connection->standing == TAP__OPAQUE)
		end_opaque(dialogue, connection, time_ns);
	if (connection->conn != 0)
		tell_early_gaps(dialogue, connection, time_ns);
	if (connection->has_begun && why != TAP_END_CAPTURE)
		tap__connection_end(dialogue, connection, time_ns, why);
	if (why == TAP_END_CLOSED)
		tap__connection_unblind(dialogue, connection, time_ns);
	else
		lose_sight(dialogue, connection, time_ns, why);
	forget(dialogue, connection, time_ns);
}

/* May bytes between these ends have been NATS? */
static bool may_have_been_nats(const struct tap_dialogue *dialogue, const struct tap_flow_info *info)
{
	struct tap_flow_info either = *info;
	either.is_midstream = true;
	return is_expected(dialogue, &either) ||
	       tap__servers_know(&dialogue->servers, &info->ends[TAP_ORIGINATOR]) ||
	       tap__servers_know(&dialogue->servers, &info->ends[TAP_RESPONDER]);
}

static void take_leftover(struct tap_flow_handler *handler, const struct tap_flow_info *info, int64_t time_ns,
			  const struct tap_leftover *left)
{
	struct tap_dialogue *dialogue = (struct tap_dialogue *)handler;
	if (!info || may_have_been_nats(dialogue, info))
		tap__connection_leftover(dialogue, info, time_ns, left);
}

/* ---- opening and closing ---- */

struct tap_dialogue *tap_dialogue_open(const struct tap_dialogue_options *options, struct tap_join *join,
				       struct tap_budget *budget)
{
	struct tap_dialogue *dialogue = calloc(1, sizeof *dialogue);
	if (dialogue)
		*dialogue =
		    (struct tap_dialogue){.handler = {.open = open_flow,
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
