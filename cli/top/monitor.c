#include "cli/top/monitor.h"

#include <stdlib.h>

#include "trace/memory.h"

void cli_top_monitor_fini(struct cli_top_monitor *monitor)
{
	json_decref(monitor->varz);
	json_decref(monitor->connz);
	json_decref(monitor->closed);
	for (size_t i = 0; i < monitor->peers_len; i++)
		free(monitor->peers[i]);
	free(monitor->peers);
	free(monitor->deliveries);
	store_table_fini(&monitor->by_cid);
	trace_names_fini(&monitor->subjects);
}

uint64_t cli_top_json_count(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	json_int_t count =
	    json_is_real(value) ? (json_int_t)json_real_value(value) : json_integer_value(value);
	return count > 0 ? (uint64_t)count : 0;
}

struct wire_slice cli_top_json_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	return json_is_string(value) ? wire_slice(json_string_value(value), json_string_length(value))
				     : wire_slice(NULL, 0);
}

/* ---- rates ---- */

/* The value at this look. One that was not there at the look before, or that has become smaller, is a new beginning. */
static void measure(const struct cli_top_monitor *monitor, struct cli_top_meter *meter, uint64_t value)
{
	bool is_known = meter->look > 0 && meter->look + 1 == monitor->looks && value >= meter->last;
	if (is_known)
		cli_top_counter_add(&meter->counter, &monitor->window, monitor->window.now_ns,
				    value - meter->last);
	meter->last = value;
	meter->look = monitor->looks;
}

double cli_top_meter_rate(const struct cli_top_monitor *monitor, const struct cli_top_meter *meter)
{
	return monitor->looks < 2 ? __builtin_nan("")
				  : cli_top_counter_rate(&meter->counter, &monitor->window);
}

/* ---- connections ---- */

static uint64_t hash_of(uint64_t cid)
{
	uint64_t mixed = cid * 0x9e3779b97f4a7c15;
	return mixed ^ mixed >> 32;
}

static struct cli_top_peer *find_peer(const struct cli_top_monitor *monitor, uint64_t cid)
{
	uint32_t probe = 0, at;
	while (monitor->by_cid.slots && store_table_next(&monitor->by_cid, hash_of(cid), &probe, &at))
		if (monitor->peers[at]->cid == cid)
			return monitor->peers[at];
	return NULL;
}

const struct cli_top_peer *cli_top_monitor_peer(const struct cli_top_monitor *monitor, uint64_t cid)
{
	return find_peer(monitor, cid);
}

static bool make_list(struct cli_top_monitor *monitor)
{
	enum { CAP = 2 * CLI_TOP_MONITOR_CONNECTIONS_MAX };
	if (monitor->peers)
		return true;
	if (store_table_init(&monitor->by_cid) != 0 || store_table_reserve(&monitor->by_cid, CAP) != 0)
		return false;
	monitor->peers = calloc(CAP, sizeof(struct cli_top_peer *));
	monitor->peers_cap = monitor->peers ? CAP : 0;
	return monitor->peers != NULL;
}

/* A peer, added when it is new; NULL when there is no room. */
static struct cli_top_peer *peer_of(struct cli_top_monitor *monitor, uint64_t cid)
{
	struct cli_top_peer *peer = find_peer(monitor, cid);
	if (peer || !make_list(monitor) || monitor->peers_len == monitor->peers_cap)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	peer->cid = cid;
	store_table_add(&monitor->by_cid, hash_of(cid), (uint32_t)monitor->peers_len);
	monitor->peers[monitor->peers_len++] = peer;
	return peer;
}

/* Forget the connections that this look did not show. */
static void forget_gone(struct cli_top_monitor *monitor)
{
	size_t kept = 0;
	if (monitor->peers_len == 0)
		return;
	for (size_t i = 0; i < monitor->peers_len; i++) {
		if (monitor->peers[i]->sent.look == monitor->looks)
			monitor->peers[kept++] = monitor->peers[i];
		else
			free(monitor->peers[i]);
	}
	monitor->peers_len = kept;
	store_table_clear(&monitor->by_cid);
	if (store_table_reserve(&monitor->by_cid, (uint32_t)monitor->peers_cap) != 0) {
		for (size_t i = 0; i < kept; i++)
			free(monitor->peers[i]);
		monitor->peers_len = 0;
	}
	for (size_t i = 0; i < monitor->peers_len; i++)
		store_table_add(&monitor->by_cid, hash_of(monitor->peers[i]->cid), (uint32_t)i);
}

static void add_connection(struct cli_top_monitor *monitor, const json_t *connection)
{
	struct cli_top_peer *peer = peer_of(monitor, cli_top_json_count(connection, "cid"));
	if (!peer)
		return;
	measure(monitor, &peer->sent, cli_top_json_count(connection, "in_msgs"));
	measure(monitor, &peer->got, cli_top_json_count(connection, "out_msgs"));
	measure(monitor, &peer->sent_bytes, cli_top_json_count(connection, "in_bytes"));
	measure(monitor, &peer->got_bytes, cli_top_json_count(connection, "out_bytes"));
}

/* ---- subscriptions ---- */

struct wire_slice cli_top_monitor_subject(struct cli_top_monitor *monitor, const json_t *subscription)
{
	return trace_fold(&monitor->fold, cli_top_json_text(subscription, "subject"));
}

/* Sum up what was delivered to the subscriptions of each subject. sums: by number, zeroed. */
static void sum_deliveries(struct cli_top_monitor *monitor, uint64_t *sums)
{
	const json_t *connection, *subscription;
	size_t i, j;
	json_array_foreach(json_object_get(monitor->connz, "connections"), i, connection)
	{
		json_array_foreach(json_object_get(connection, "subscriptions_list_detail"), j, subscription)
		{
			uint32_t number = trace_names_number(&monitor->subjects,
							     cli_top_monitor_subject(monitor, subscription),
							     CLI_TOP_MONITOR_SUBJECTS_MAX);
			if (number != TRACE_NO_NAME)
				sums[number] += cli_top_json_count(subscription, "msgs");
		}
	}
}

static void measure_deliveries(struct cli_top_monitor *monitor)
{
	uint64_t *sums = calloc(CLI_TOP_MONITOR_SUBJECTS_MAX, sizeof(*sums));
	if (!sums)
		return;
	sum_deliveries(monitor, sums);
	if (trace_grow(&monitor->deliveries, &monitor->deliveries_cap, monitor->subjects.len,
		       sizeof(*monitor->deliveries), NULL))
		for (uint32_t i = 0; i < monitor->subjects.len; i++)
			measure(monitor, &monitor->deliveries[i], sums[i]);
	free(sums);
}

void cli_top_monitor_add(struct cli_top_monitor *monitor, json_t *varz, json_t *connz, json_t *closed,
			 int64_t now_ns)
{
	const json_t *connection;
	size_t i;
	json_decref(monitor->varz);
	json_decref(monitor->connz);
	json_decref(monitor->closed);
	monitor->varz = varz;
	monitor->connz = connz;
	monitor->closed = closed;
	monitor->looks++;
	monitor->window.now_ns = now_ns;
	if (now_ns < monitor->window.begin_ns)
		monitor->window.begin_ns = now_ns;
	measure(monitor, &monitor->sent, cli_top_json_count(varz, "in_msgs"));
	measure(monitor, &monitor->got, cli_top_json_count(varz, "out_msgs"));
	measure(monitor, &monitor->sent_bytes, cli_top_json_count(varz, "in_bytes"));
	measure(monitor, &monitor->got_bytes, cli_top_json_count(varz, "out_bytes"));
	json_array_foreach(json_object_get(connz, "connections"), i, connection)
	    add_connection(monitor, connection);
	measure_deliveries(monitor);
	forget_gone(monitor);
}
