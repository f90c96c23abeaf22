#include "tap/session/connection_events.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/jwt.h"

static const char *const gap_texts[] = {
    [TAP__LOST] = "not in the capture",
    [TAP__CUT] = "cut off by the capture's snapshot length",
    [TAP__LIMIT] = "the sniffer's memory is full",
    [TAP__UNPARSED] = "not decodable",
    [TAP__ENDED] = "ended inside an operation",
};
static_assert(sizeof gap_texts / sizeof *gap_texts == TAP__WHYS, "a text for every reason");

static const char *const end_texts[] = {
    [TAP_END_CLOSED] = "closed",
    [TAP_END_RESET] = "reset",
    [TAP_END_REPLACED] = "replaced by a new connection between the same ports",
    [TAP_END_EVICTED] = "no longer watched: too many connections",
    [TAP_END_CAPTURE] = "the capture ended",
    [TAP_END_BY_CLIENT] = "closed by the client",
    [TAP_END_BY_SERVER] = "closed by the server",
    [TAP_END_RESET_BY_CLIENT] = "reset by the client",
    [TAP_END_RESET_BY_SERVER] = "reset by the server",
    [TAP_END_BY_PROXY] = "closed by the proxy",
};
static_assert(sizeof end_texts / sizeof *end_texts == TAP_ENDS, "a text for every end");

/* "10.0.0.7:53122" or "[::1]:53122" */
static void print_end(char *text, size_t size, const struct tap_endpoint *end)
{
	char address[INET6_ADDRSTRLEN] = "";
	inet_ntop(end->is_v6 ? AF_INET6 : AF_INET, end->address, address, sizeof address);
	snprintf(text, size, end->is_v6 ? "[%s]:%u" : "%s:%u", address, (unsigned)end->port);
}

/* ---- the client ---- */

enum { IDENTITY_TEXTS = 5 };

/* A user without a password may be a token: some clients send tokens that way. Do not show it. Instead show the public key of
 * a client that has one. */
static const char *user_of(const struct wire_connect *connect, const struct wire_jwt *jwt)
{
	if (*connect->pass)
		return connect->user;
	return *jwt->user ? jwt->user : connect->nkey;
}

void tap__connection_forget(struct tap_sessions *sessions, struct tap__connection *connection)
{
	free(connection->identity);
	tap_budget_give(sessions->budget, connection->identity_bytes);
	connection->identity = NULL;
	connection->identity_bytes = 0;
}

/* Keep what CONNECT says, without secrets, for the account that may follow. Without memory the account is not shown. */
static void keep_identity(struct tap_sessions *sessions, struct tap__connection *connection,
			  const struct wire_connect *connect)
{
	struct wire_jwt jwt;
	wire_jwt_read(&jwt, connect->jwt);
	const char *const texts[IDENTITY_TEXTS] = {connect->name, connect->lang, connect->version,
						   user_of(connect, &jwt), jwt.account};
	size_t bytes = 0;
	tap__connection_forget(sessions, connection);
	for (size_t i = 0; i < IDENTITY_TEXTS; i++)
		bytes += strlen(texts[i]) + 1;
	if (!tap_budget_take(sessions->budget, bytes))
		return;
	char *to = connection->identity = malloc(bytes);
	connection->identity_bytes = (uint32_t)bytes;
	for (size_t i = 0; to && i < IDENTITY_TEXTS; i++)
		to = stpcpy(to, texts[i]) + 1;
}

/* The texts that were kept; empty ones when there are none. */
static struct wire_client describe(const struct tap__connection *connection)
{
	const char *at = connection->identity ? connection->identity : "\0\0\0\0";
	struct wire_client client = {0};
	struct wire_slice *const texts[IDENTITY_TEXTS] = {&client.name, &client.lang, &client.version,
							  &client.user, &client.account};
	for (size_t i = 0; i < IDENTITY_TEXTS; i++) {
		*texts[i] = wire_slice_str(at);
		at += texts[i]->len + 1;
	}
	return client;
}

static void emit_connect(struct tap_sessions *sessions, const struct tap__connection *connection,
			 int64_t time_ns, const char *account, uint32_t flags)
{
	char address[INET6_ADDRSTRLEN + 16];
	struct wire_client client = describe(connection);
	print_end(address, sizeof address, &connection->info.ends[connection->client_peer]);
	client.address = wire_slice_str(address);
	client.certificate = wire_slice_str(connection->info.certificate);
	if (account)
		client.account = wire_slice_str(account);
	const struct wire_event event = {.kind = WIRE_EVENT_CONNECT,
					 .flags = flags,
					 .time_ns = time_ns,
					 .conn = connection->conn,
					 .client = &client};
	tap_join_event(sessions->join, &event);
}

void tap__connection_begin(struct tap_sessions *sessions, struct tap__connection *connection, int64_t time_ns,
			   const struct wire_connect *connect)
{
	if (connection->has_begun && !connect)
		return;
	connection->has_begun = true;
	if (connect)
		keep_identity(sessions, connection, connect);
	emit_connect(sessions, connection, time_ns, NULL, 0);
}

void tap__connection_set_account(struct tap_sessions *sessions, struct tap__connection *connection,
				 int64_t time_ns, const char *account)
{
	if (connection->has_account || !connection->has_begun)
		return;
	connection->has_account = true;
	emit_connect(sessions, connection, time_ns, account, WIRE_EVENT_REPEATED);
}

/* ---- other events ---- */

void tap__connection_gap(struct tap_sessions *sessions, const struct tap__connection *connection,
			 int64_t time_ns, const struct tap__gap *gap)
{
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = time_ns,
					 .conn = connection->conn,
					 .text = wire_slice_str(gap_texts[gap->why]),
					 .lost_bytes = gap->bytes,
					 .from_ns = gap->from_ns,
					 .to_ns = gap->to_ns};
	sessions->stats.gaps++;
	if (gap->why == TAP__UNPARSED)
		sessions->stats.unparsed_bytes += gap->bytes;
	tap_join_event(sessions->join, &event);
}

void tap__connection_undecoded_gap(struct tap_sessions *sessions, const struct tap__connection *connection,
				   int64_t time_ns)
{
	char text[64];
	snprintf(text, sizeof text, "not decoded: %s", tap_undecoded_name(connection->undecoded));
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = time_ns,
					 .conn = connection->conn,
					 .text = wire_slice_str(text),
					 .lost_bytes = connection->undecoded_bytes,
					 .from_ns = connection->undecoded_since_ns,
					 .to_ns = time_ns};
	sessions->stats.gaps++;
	tap_join_event(sessions->join, &event);
}

void tap__connection_leftover(struct tap_sessions *sessions, const struct tap_flow_info *info,
			      int64_t time_ns, const struct tap_leftover *left)
{
	char client[INET6_ADDRSTRLEN + 16] = "", server[INET6_ADDRSTRLEN + 16] = "", text[200];
	if (info) {
		print_end(client, sizeof client, &info->ends[TAP_ORIGINATOR]);
		print_end(server, sizeof server, &info->ends[TAP_RESPONDER]);
	}
	if (left->why == TAP_LEFT_REFUSED)
		snprintf(text, sizeof text, "no memory for more connections");
	else
		snprintf(text, sizeof text, "%s of the connection %s - %s",
			 left->why == TAP_LEFT_ENDED ? "after the end" : "before the first byte seen", client,
			 server);
	const struct wire_event event = {.kind = WIRE_EVENT_GAP,
					 .time_ns = time_ns,
					 .text = wire_slice_str(text),
					 .lost_bytes = left->bytes,
					 .from_ns = left->from_ns,
					 .to_ns = left->to_ns};
	sessions->stats.gaps++;
	sessions->stats.lost_bytes += left->bytes;
	tap_join_event(sessions->join, &event);
}

void tap__connection_error(struct tap_sessions *sessions, const struct tap__connection *connection,
			   int64_t time_ns, struct wire_slice text)
{
	const struct wire_event event = {
	    .kind = WIRE_EVENT_ERROR, .time_ns = time_ns, .conn = connection->conn, .text = text};
	tap_join_event(sessions->join, &event);
}

static void emit_interest(struct tap_sessions *sessions, enum wire_event_kind kind,
			  const struct tap__sub *sub, int64_t time_ns, uint64_t max)
{
	const struct wire_event event = {.kind = kind,
					 .time_ns = time_ns,
					 .conn = sub->conn,
					 .subject = sub->subject,
					 .queue = sub->queue,
					 .sid = sub->sid,
					 .max = max};
	tap_join_event(sessions->join, &event);
}

void tap__connection_subscribe(struct tap_sessions *sessions, const struct tap__sub *sub, int64_t time_ns)
{
	emit_interest(sessions, WIRE_EVENT_SUBSCRIBE, sub, time_ns, 0);
}

void tap__connection_unsubscribe(struct tap_sessions *sessions, const struct tap__sub *sub, int64_t time_ns,
				 uint64_t max)
{
	emit_interest(sessions, WIRE_EVENT_UNSUBSCRIBE, sub, time_ns, max);
}

void tap__connection_end(struct tap_sessions *sessions, const struct tap__connection *connection,
			 int64_t time_ns, enum tap_end why)
{
	const struct wire_event event = {.kind = WIRE_EVENT_DISCONNECT,
					 .time_ns = time_ns,
					 .conn = connection->conn,
					 .text = wire_slice_str(end_texts[why])};
	tap_join_event(sessions->join, &event);
}
