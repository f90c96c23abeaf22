/*	collect all clients that match ─▶ sort them, as far as the page goes ─▶ describe each client of the page
 *
 * Collecting keeps only a number and a sort key of each client. Each step does a bounded piece of work, so that neither
 * many clients nor one with many subscriptions block the loop. Clients that leave before they are described are left
 * out. */
#include "broker/monitor/connz.h"

#include <stdlib.h>
#include <string.h>

#include "broker/monitor/connz_query.h"
#include "net/tls_peer.h"

enum {
	CLIENTS_AT_ONCE = 1000, /* looked at for one piece of the answer */
	SLOTS_AT_ONCE = 1000,   /* of a table of subscriptions */
};

struct candidate {
	int64_t key;
	uint64_t cid;
	uint64_t closed; /* its number among those that have gone, plus 1; 0 = connected */
};

enum phase { COLLECTING, LISTING, IN_ROW };

struct connz {
	struct net_http_rest rest;
	struct broker *broker;
	struct broker__connz_query query;
	char *user; /* owned; "" = everybody */
	int64_t now_ns;
	enum phase phase;
	struct broker_cursor cursor; /* first among the clients, then among the subscriptions of one */
	uint64_t closed_at, closed_end;
	struct candidate *heap; /* owned; once all are collected, the next one to list is on top */
	size_t len, room;
	int64_t left; /* to be listed */
	uint64_t row; /* the client whose subscriptions are being listed */
	bool out_of_memory;
	struct broker__json json;
};

/* ---- collecting ---- */

static bool is_wanted(const struct connz *connz, const struct broker_client_info *info)
{
	return (!connz->query.cid || connz->query.cid == info->cid) &&
	       (!*connz->user || strcmp(connz->user, info->user) == 0);
}

static void collect(struct connz *connz, const struct broker_client_info *info, uint64_t closed)
{
	if (!is_wanted(connz, info) || connz->out_of_memory)
		return;
	if (connz->len == connz->room) {
		size_t room = connz->room ? connz->room * 2 : 64;
		struct candidate *grown = realloc(connz->heap, room * sizeof *grown);
		connz->out_of_memory = !grown;
		if (!grown)
			return;
		connz->heap = grown;
		connz->room = room;
	}
	int64_t key = connz->query.sort_key ? connz->query.sort_key(info, connz->now_ns) : 0;
	connz->heap[connz->len++] = (struct candidate){.key = key, .cid = info->cid, .closed = closed};
}

/* Look at more clients. False when all have been looked at. */
static bool collect_some(struct connz *connz)
{
	struct broker_client_info info;
	for (int i = 0; i < CLIENTS_AT_ONCE; i++) {
		if (broker_cursor_cid(&connz->cursor) > 0) {
			broker_cursor_describe(&connz->cursor, &info);
			collect(connz, &info, 0);
			broker_cursor_next_client(&connz->cursor);
		} else if (connz->closed_at < connz->closed_end) {
			if (broker_inspect_closed(connz->broker, connz->closed_at++, &info))
				collect(connz, &info, connz->closed_at);
		} else {
			return false;
		}
	}
	return true;
}

/* ---- in order ---- */

static bool is_before(const struct candidate *a, const struct candidate *b)
{
	return a->key != b->key ? a->key > b->key : a->cid < b->cid;
}

static void sift_down(struct candidate *heap, size_t len, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < len; at = child) {
		struct candidate moved = heap[at];
		if (child + 1 < len && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &moved))
			return;
		heap[at] = heap[child];
		heap[child] = moved;
	}
}

static void make_heap(struct connz *connz)
{
	for (size_t i = connz->len / 2; i-- > 0;)
		sift_down(connz->heap, connz->len, i);
}

static struct candidate pop(struct connz *connz)
{
	struct candidate top = connz->heap[0];
	connz->heap[0] = connz->heap[--connz->len];
	sift_down(connz->heap, connz->len, 0);
	return top;
}

/* ---- describing ---- */

static void add_text_if_any(struct broker__json *json, const char *key, const char *text)
{
	if (text && *text)
		broker__json_string(json, key, text);
}

static void add_times(struct broker__json *json, const struct broker_client_info *info, int64_t now_ns)
{
	int64_t end_ns = info->stop_ns ? info->stop_ns : now_ns;
	broker__json_time(json, "start", info->start_ns);
	broker__json_time(json, "last_activity", info->last_activity_ns);
	if (info->stop_ns) {
		broker__json_time(json, "stop", info->stop_ns);
		broker__json_string(json, "reason", info->reason);
	}
	broker__json_rtt(json, "rtt", info->rtt_ns);
	broker__json_uptime(json, "uptime", end_ns - info->start_ns);
	broker__json_uptime(json, "idle", end_ns - info->last_activity_ns);
}

static void add_certificates(struct broker__json *json, const struct net_stream *secured)
{
	struct net_tls_certificate certificate;
	if (!secured || !net_tls_certificate(secured, 0, &certificate))
		return;
	broker__json_array(json, "tls_peer_certs");
	for (unsigned i = 0; net_tls_certificate(secured, i, &certificate); i++) {
		broker__json_object(json, NULL);
		broker__json_string(json, "subject", certificate.subject);
		broker__json_string(json, "spki_sha256", certificate.key_sha256);
		broker__json_string(json, "cert_sha256", certificate.sha256);
		broker__json_object_end(json);
	}
	broker__json_array_end(json);
}

/* Write the row except its subscriptions and its end. */
static void begin_row(struct broker__json *json, const struct connz *connz,
		      const struct broker_client_info *info)
{
	broker__json_object(json, NULL);
	broker__json_count(json, "cid", info->cid);
	broker__json_string(json, "kind", "Client");
	broker__json_string(json, "type", "nats");
	broker__json_string(json, "ip", info->ip);
	broker__json_integer(json, "port", info->port);
	add_times(json, info, connz->now_ns);
	broker__json_count(json, "pending_bytes", info->pending_bytes);
	broker__json_count(json, "in_msgs", info->in_msgs);
	broker__json_count(json, "out_msgs", info->out_msgs);
	broker__json_count(json, "in_bytes", info->in_bytes);
	broker__json_count(json, "out_bytes", info->out_bytes);
	broker__json_integer(json, "subscriptions", info->subscriptions);
	add_text_if_any(json, "name", info->name);
	add_text_if_any(json, "lang", info->lang);
	add_text_if_any(json, "version", info->version);
	add_text_if_any(json, "tls_version", info->tls_version);
	add_text_if_any(json, "tls_cipher_suite", info->tls_cipher_suite);
	if (connz->query.with_user) {
		add_certificates(json, info->secured);
		add_text_if_any(json, "authorized_user", info->user);
		broker__json_string(json, "account", "$G");
	}
}

static void add_subject(void *context, const struct broker_subscription_info *info)
{
	broker__json_text(context, NULL, info->subject);
}

struct detail {
	struct broker__json *json;
	uint64_t cid;
};

static void add_detail(void *context, const struct broker_subscription_info *info)
{
	struct detail *detail = context;
	broker__json_object(detail->json, NULL);
	broker__json_subscription(detail->json, info, detail->cid);
	broker__json_object_end(detail->json);
}

/* List more subscriptions of the client whose row is being written. False when there are no more and the row is
 * complete. */
static bool list_subscriptions(struct connz *connz, struct broker__json *json)
{
	struct detail detail = {.json = json, .cid = connz->row};
	bool with_detail = connz->query.subscriptions == BROKER__SUBS_DETAIL;
	bool has_more = broker_cursor_cid(&connz->cursor) == connz->row; /* else it has gone meanwhile */
	for (int i = 0; has_more && i < SLOTS_AT_ONCE && json->body->len < NET_HTTP_PIECE_BYTES; i++)
		has_more = with_detail ? broker_cursor_next_subs(&connz->cursor, add_detail, &detail)
				       : broker_cursor_next_subs(&connz->cursor, add_subject, json);
	if (has_more)
		return true;
	broker__json_array_end(json);
	broker__json_object_end(json);
	return false;
}

/* Write the row of a candidate, up to its subscriptions if they are to be listed. */
static void list_candidate(struct connz *connz, const struct candidate *candidate, struct broker__json *json)
{
	struct broker_client_info info;
	bool is_there = candidate->closed ? broker_inspect_closed(connz->broker, candidate->closed - 1, &info)
					  : broker_inspect_client(connz->broker, candidate->cid, &info);
	if (!is_there)
		return;
	begin_row(json, connz, &info);
	if (!info.client || info.subscriptions == 0 || connz->query.subscriptions == BROKER__SUBS_NONE) {
		broker__json_object_end(json);
		return;
	}
	broker__json_array(json, connz->query.subscriptions == BROKER__SUBS_DETAIL
				     ? "subscriptions_list_detail"
				     : "subscriptions_list");
	broker_cursor_seek(&connz->cursor, candidate->cid);
	connz->row = candidate->cid;
	connz->phase = IN_ROW;
}

static int64_t page_len(const struct connz *connz)
{
	int64_t rest = (int64_t)connz->len - connz->query.offset;
	rest = rest > 0 ? rest : 0;
	return rest < connz->query.limit ? rest : connz->query.limit;
}

static void begin_page(struct connz *connz, struct broker__json *json)
{
	struct broker_totals totals;
	broker_inspect_totals(connz->broker, &totals);
	connz->left = page_len(connz);
	broker__json_object(json, NULL);
	broker__json_string(json, "server_id", totals.server_id);
	broker__json_time(json, "now", connz->now_ns);
	broker__json_integer(json, "num_connections", connz->left);
	broker__json_count(json, "total", connz->len);
	broker__json_integer(json, "offset", connz->query.offset);
	broker__json_integer(json, "limit", connz->query.limit);
	broker__json_array(json, "connections");
	make_heap(connz);
	connz->phase = LISTING;
}

/* ---- piece by piece ---- */

/* Write more rows of the page. False when it is complete. */
static bool list_some(struct connz *connz, struct broker__json *json)
{
	for (int i = 0; i < CLIENTS_AT_ONCE && json->body->len < NET_HTTP_PIECE_BYTES; i++) {
		if (connz->left == 0) {
			broker__json_array_end(json);
			broker__json_object_end(json);
			return false;
		}
		struct candidate next = pop(connz);
		if (connz->query.offset > 0) {
			connz->query.offset--;
			continue;
		}
		connz->left--;
		list_candidate(connz, &next, json);
		if (connz->phase == IN_ROW && list_subscriptions(connz, json))
			return true;
		connz->phase = LISTING;
	}
	return true;
}

static bool write_piece(struct connz *connz, struct broker__json *json)
{
	if (connz->phase == COLLECTING) {
		if (collect_some(connz))
			return true;
		begin_page(connz, json);
	}
	if (connz->phase == IN_ROW) {
		if (list_subscriptions(connz, json))
			return true;
		connz->phase = LISTING;
	}
	return list_some(connz, json);
}

static bool write_connz(struct net_http_rest *rest, struct net_http_body *body)
{
	struct connz *connz = (struct connz *)rest;
	connz->json.body = body;
	bool has_more = write_piece(connz, &connz->json);
	body->is_failed |= connz->out_of_memory;
	if (body->len == 0)
		net_http_body_add(body, WIRE_LITERAL(" "));
	return has_more;
}

static void close_connz(struct net_http_rest *rest)
{
	struct connz *connz = (struct connz *)rest;
	broker_cursor_fini(&connz->cursor);
	free(connz->user);
	free(connz->heap);
	free(connz);
}

static struct connz *open_connz(struct broker *broker, const struct broker__connz_query *query,
				const char *user)
{
	struct broker_totals totals;
	struct connz *connz = calloc(1, sizeof *connz);
	char *copy = strdup(user);
	if (!connz || !copy) {
		free(connz);
		free(copy);
		return NULL;
	}
	broker_inspect_totals(broker, &totals);
	*connz = (struct connz){.rest = {.write = write_connz, .close = close_connz},
				.broker = broker,
				.query = *query,
				.now_ns = totals.now_ns};
	connz->user = copy;
	broker_cursor_init(&connz->cursor, broker);
	if (!query->with_open)
		broker_cursor_seek(&connz->cursor, 0);
	else if (query->cid)
		broker_cursor_seek(&connz->cursor, query->cid);
	if (query->with_closed)
		broker_inspect_closed_range(broker, &connz->closed_at, &connz->closed_end);
	return connz;
}

void broker__serve_connz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker__connz_query query = {0};
	struct broker__json json; /* connz has its own, which lasts */
	if (!broker__connz_query_read(request, &query, answer) ||
	    !broker__answer_json(request, answer, NET_HTTP_OK, &json))
		return;
	struct connz *connz =
	    open_connz(broker__of_request(request), &query, net_http_query(request, "user"));
	answer->body.is_failed = !connz;
	answer->rest = connz ? &connz->rest : NULL;
}
