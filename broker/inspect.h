/* inspect.h - what monitoring may ask of a running broker. Called in the broker's loop thread only.
 *
 * The core (server.c, client.c) answers; monitor.c turns the answers into JSON and metrics. */
#ifndef BROKER_INSPECT_H
#define BROKER_INSPECT_H

#include "broker/broker.h"

struct broker_totals {
	int64_t now_ns, started_ns; /* since the epoch */
	const char *server_id, *server_name;
	uint64_t connections;       /* now */
	uint64_t total_connections; /* ever */
	uint64_t subscriptions;
	uint64_t in_msgs, out_msgs, in_bytes,
	    out_bytes; /* bytes: headers and payloads, as nats-server counts */
	uint64_t slow_consumers;
	uint64_t pending_bytes; /* output held for all clients */
	uint64_t cache_entries, cache_hits, cache_misses, sub_inserts, sub_removes, matches;
	uint64_t auth_errors, stale_connections, stalled; /* stalled: times a publisher was paused */
};

struct broker_client_info {
	uint64_t cid;
	const char *ip; /* numeric */
	int port;
	int64_t start_ns, last_activity_ns, rtt_ns; /* rtt 0 = not measured */
	uint64_t pending_bytes, in_msgs, out_msgs, in_bytes, out_bytes;
	uint32_t subscriptions;
	const char *name, *lang, *version, *user; /* "" when not told */
	const struct broker_client *client;       /* for broker_inspect_subscriptions */
};

void broker_inspect_totals(struct broker *broker, struct broker_totals *totals);
const struct broker_options *broker_inspect_options(const struct broker *broker);
bool broker_inspect_is_lame(const struct broker *broker);

/* The sink's own words; zeroed when there is no sink or it has no status. True when there is a sink. */
bool broker_inspect_sink(struct broker *broker, struct wire_sink_status *status);

/* Call `each` for every connected client, by rising cid; strings live during the call. Stops when it returns false. */
void broker_inspect_clients(struct broker *broker,
			    bool (*each)(void *context, const struct broker_client_info *info),
			    void *context);

struct broker_subscription_info {
	struct wire_slice subject, queue, sid;
	uint64_t delivered, max; /* max 0 = no limit */
};

void broker_inspect_subscriptions(const struct broker_client *client,
				  bool (*each)(void *context, const struct broker_subscription_info *info),
				  void *context);

#endif
