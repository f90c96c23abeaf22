#include "broker/inspect.h"

#include "broker/server.h"

static void add_loop(struct broker_totals *totals, const struct broker__loop *loop)
{
	const struct broker__counters *counters = &loop->counters;
	totals->connections += loop->all.len;
	totals->in_msgs += counters->in_msgs;
	totals->out_msgs += counters->out_msgs;
	totals->in_bytes += counters->in_bytes;
	totals->out_bytes += counters->out_bytes;
	totals->slow_consumers += counters->slow_consumers;
	totals->auth_errors += counters->auth_errors;
	totals->stale_connections += counters->stale_connections;
	totals->stalled += counters->stalled;
	totals->cache_entries += counters->route_count;
	totals->cache_hits += counters->route_hits;
	totals->cache_misses += counters->route_misses;
	for (const struct broker_client *client = loop->all.first; client; client = client->all.next)
		totals->pending_bytes += broker__output_pending(&client->output);
}

void broker_inspect_totals(struct broker *broker, struct broker_totals *totals)
{
	broker__loop_read_clock(&broker->loops[0]);
	*totals = (struct broker_totals){
	    .now_ns = broker->loops[0].now_ns,
	    .started_ns = broker->started_ns,
	    .server_id = broker->server_id,
	    .server_name = broker->options.server_name ? broker->options.server_name : broker->server_id,
	    .total_connections = broker->total_connections,
	    .subscriptions = broker->sublist.count,
	    .sub_inserts = broker->sublist.inserts,
	    .sub_removes = broker->sublist.removes,
	    .matches = broker->sublist.matches,
	};
	for (int i = 0; i < BROKER__LOOPS; i++)
		add_loop(totals, &broker->loops[i]);
}

const struct broker_options *broker_inspect_options(const struct broker *broker)
{
	return &broker->options;
}

bool broker_inspect_is_lame(const struct broker *broker)
{
	return broker->is_lame;
}

bool broker_inspect_sink(struct broker *broker, struct wire_sink_status *status)
{
	*status = (struct wire_sink_status){0};
	if (broker->sink && broker->sink->status)
		broker->sink->status(broker->sink, status);
	return broker->sink != NULL;
}

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

static struct broker_client_info describe(const struct broker_client *client)
{
	return (struct broker_client_info){
	    .cid = client->cid,
	    .ip = client->ip,
	    .port = client->port,
	    .start_ns = client->start_ns,
	    .last_activity_ns = client->last_ns,
	    .rtt_ns = client->rtt_ns,
	    .pending_bytes = broker__output_pending(&client->output),
	    .in_msgs = client->in_msgs,
	    .out_msgs = client->out_msgs,
	    .in_bytes = client->in_bytes,
	    .out_bytes = client->out_bytes,
	    .subscriptions = client->sids.count,
	    .name = text(client->name),
	    .lang = text(client->lang),
	    .version = text(client->version),
	    .user = text(client->user),
	    .client = client,
	};
}

void broker_inspect_clients(struct broker *broker,
			    bool (*each)(void *context, const struct broker_client_info *info), void *context)
{
	for (const struct broker_client *client = broker->loops[0].all.first; client;
	     client = client->all.next) {
		struct broker_client_info info = describe(client);
		if (!each(context, &info))
			return;
	}
}

struct listing {
	bool (*each)(void *context, const struct broker_subscription_info *info);
	void *context;
};

static bool describe_sub(void *context, struct broker__sub *sub)
{
	const struct listing *listing = context;
	const struct broker_subscription_info info = {.subject = sub->subject,
						      .queue = sub->queue,
						      .sid = sub->sid,
						      .delivered = sub->delivered,
						      .max = sub->max};
	return listing->each(listing->context, &info);
}

void broker_inspect_subscriptions(const struct broker_client *client,
				  bool (*each)(void *context, const struct broker_subscription_info *info),
				  void *context)
{
	struct listing listing = {.each = each, .context = context};
	broker__sids_each(&client->sids, describe_sub, &listing);
}
