/* unserved.c - keys and their order are those of nats-server 2.9.10. */
#include "broker/monitor/unserved.h"

#include <string.h>

static const char account[] = "$G";

/* Begin a page. False when it has been answered already. */
static bool begin(const struct net_http_request *request, struct net_http_answer *answer,
		  struct broker_totals *totals, struct broker__json *json)
{
	if (!broker__answer_json(request, answer, NET_HTTP_OK, json))
		return false;
	broker_inspect_totals(broker__of_request(request), totals);
	broker__json_object(json, NULL);
	broker__json_string(json, "server_id", totals->server_id);
	broker__json_time(json, "now", totals->now_ns);
	return true;
}

static bool has_good_flags(const struct net_http_request *request, const char *const *names,
			   struct net_http_answer *answer)
{
	bool value;
	for (; *names; names++)
		if (!broker__query_bool(request, *names, &value, answer))
			return false;
	return true;
}

void broker__serve_routez(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker_totals totals;
	struct broker__json json;
	bool with_subs;
	const char *subs = net_http_query(request, "subs");
	if (strcmp(subs, "detail") != 0 && !broker__query_bool(request, "subs", &with_subs, answer))
		return;
	if (!begin(request, answer, &totals, &json))
		return;
	broker__json_integer(&json, "num_routes", 0);
	broker__json_array(&json, "routes");
	broker__json_array_end(&json);
	broker__json_object_end(&json);
}

void broker__serve_gatewayz(const struct net_http_request *request, struct net_http_answer *answer)
{
	static const char *const flags[] = {"accs", NULL};
	struct broker_totals totals;
	struct broker__json json;
	if (!has_good_flags(request, flags, answer) || !begin(request, answer, &totals, &json))
		return;
	broker__json_object(&json, "outbound_gateways");
	broker__json_object_end(&json);
	broker__json_object(&json, "inbound_gateways");
	broker__json_object_end(&json);
	broker__json_object_end(&json);
}

void broker__serve_leafz(const struct net_http_request *request, struct net_http_answer *answer)
{
	static const char *const flags[] = {"subs", NULL};
	struct broker_totals totals;
	struct broker__json json;
	if (!has_good_flags(request, flags, answer) || !begin(request, answer, &totals, &json))
		return;
	broker__json_integer(&json, "leafnodes", 0);
	broker__json_null(&json, "leafs");
	broker__json_object_end(&json);
}

static void describe_account(struct broker__json *json, const struct broker_totals *totals)
{
	broker__json_object(json, "account_detail");
	broker__json_string(json, "account_name", account);
	broker__json_time(json, "update_time", totals->started_ns);
	broker__json_bool(json, "expired", false);
	broker__json_bool(json, "complete", true);
	broker__json_bool(json, "jetstream_enabled", false);
	broker__json_integer(json, "leafnode_connections", 0);
	broker__json_count(json, "client_connections", totals->connections);
	broker__json_count(json, "subscriptions", totals->subscriptions);
	broker__json_object_end(json);
}

void broker__serve_accountz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker_totals totals;
	struct broker__json json;
	const char *wanted = net_http_query(request, "acc");
	if (*wanted && strcmp(wanted, account) != 0) {
		net_http_answer_text(answer, NET_HTTP_BAD_REQUEST, "Account %.100s does not exist", wanted);
		return;
	}
	if (!begin(request, answer, &totals, &json))
		return;
	if (*wanted) {
		describe_account(&json, &totals);
	} else {
		broker__json_array(&json, "accounts");
		broker__json_string(&json, NULL, account);
		broker__json_array_end(&json);
	}
	broker__json_object_end(&json);
}

static void add_traffic(struct broker__json *json, const char *key, uint64_t msgs, uint64_t bytes)
{
	broker__json_object(json, key);
	broker__json_count(json, "msgs", msgs);
	broker__json_count(json, "bytes", bytes);
	broker__json_object_end(json);
}

static void add_account(struct broker__json *json, const struct broker_totals *totals)
{
	broker__json_object(json, NULL);
	broker__json_string(json, "acc", account);
	broker__json_count(json, "conns", totals->connections);
	broker__json_integer(json, "leafnodes", 0);
	broker__json_count(json, "total_conns", totals->connections);
	add_traffic(json, "sent", totals->out_msgs, totals->out_bytes);
	add_traffic(json, "received", totals->in_msgs, totals->in_bytes);
	broker__json_count(json, "slow_consumers", totals->slow_consumers);
	broker__json_object_end(json);
}

/* List the account while it has connections, or when unused ones are asked for. */
void broker__serve_accstatz(const struct net_http_request *request, struct net_http_answer *answer)
{
	struct broker_totals totals;
	struct broker__json json;
	bool with_unused = false;
	if (!broker__query_bool(request, "unused", &with_unused, answer) ||
	    !begin(request, answer, &totals, &json))
		return;
	broker__json_array(&json, "account_statz");
	if (with_unused || totals.connections > 0)
		add_account(&json, &totals);
	broker__json_array_end(&json);
	broker__json_object_end(&json);
}

static void add_zeros(struct broker__json *json, const char *const *keys)
{
	for (; *keys; keys++)
		broker__json_integer(json, *keys, 0);
}

void broker__serve_jsz(const struct net_http_request *request, struct net_http_answer *answer)
{
	static const char *const flags[] = {"accounts", "streams",     "consumers",
					    "config",   "leader-only", NULL};
	static const char *const limits[] = {"max_memory", "max_storage", NULL};
	static const char *const usage[] = {
	    "memory", "storage", "reserved_memory", "reserved_storage", "accounts", "ha_assets", NULL};
	static const char *const calls[] = {"total", "errors", NULL};
	static const char *const contents[] = {"streams", "consumers", "messages", "bytes", NULL};
	struct broker_totals totals;
	struct broker__json json;
	int64_t number;
	if (!has_good_flags(request, flags, answer) ||
	    !broker__query_int(request, "limit", 0, &number, answer) ||
	    !broker__query_int(request, "offset", 0, &number, answer) ||
	    !begin(request, answer, &totals, &json))
		return;
	broker__json_bool(&json, "disabled", true);
	broker__json_object(&json, "config");
	add_zeros(&json, limits);
	broker__json_object_end(&json);
	add_zeros(&json, usage);
	broker__json_object(&json, "api");
	add_zeros(&json, calls);
	broker__json_object_end(&json);
	add_zeros(&json, contents);
	broker__json_object_end(&json);
}
