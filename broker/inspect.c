#include "broker/inspect.h"

#include "broker/cids.h"
#include "broker/client.h"
#include "broker/emit.h"
#include "broker/server.h"
#include "net/tls_peer.h"
#include "wire/mask/masker.h"

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
	if (counters->max_fanout > totals->max_fanout)
		totals->max_fanout = counters->max_fanout;
	totals->cache_entries += counters->match_count;
	totals->cache_hits += counters->match_hits;
	totals->cache_misses += counters->match_misses;
	for (const struct broker_client *client = loop->all.first; client; client = client->all.next)
		totals->pending_bytes += broker__output_pending(&client->output);
}

void broker_inspect_totals(struct broker *broker, struct broker_totals *totals)
{
	broker__read_clock(&broker->loops[0]);
	*totals = (struct broker_totals){
	    .now_ns = broker->loops[0].now_ns,
	    .started_ns = broker->started_ns,
	    .server_id = broker->server_id,
	    .server_name = broker->options.server_name ? broker->options.server_name : broker->server_id,
	    .port = broker->listener ? broker->port : 0,
	    .https_port = broker->options.https_port ? broker->http_port : 0,
	    .http_port = broker->options.https_port ? 0 : broker->http_port,
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

struct broker_client_info broker__client_describe(const struct broker_client *client)
{
	bool is_open = broker__client_is_open(client);
	return (struct broker_client_info){
	    .cid = client->cid,
	    .ip = client->ip,
	    .port = client->port,
	    .start_ns = client->start_ns,
	    .last_activity_ns = client->last_ns,
	    .rtt_ns = client->rtt_ns,
	    .stop_ns = is_open ? 0 : client->loop->now_ns,
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
	    .tls_version = client->is_secure ? net_tls_version(client->stream) : "",
	    .tls_cipher_suite = client->is_secure ? net_tls_cipher_suite(client->stream) : "",
	    .secured = client->is_secure ? client->stream : NULL,
	    .reason = is_open ? NULL : client->reason,
	    .client = client,
	};
}

bool broker_inspect_client(struct broker *broker, uint64_t cid, struct broker_client_info *info)
{
	const struct broker_client *client = broker__cids_find(&broker->loops[0].cids, cid);
	if (client)
		*info = broker__client_describe(client);
	return client != NULL;
}

void broker_inspect_closed_range(const struct broker *broker, uint64_t *first, uint64_t *end)
{
	*first = broker__closed_first(&broker->closed);
	*end = broker->closed.total;
}

bool broker_inspect_closed(const struct broker *broker, uint64_t number, struct broker_client_info *info)
{
	const struct broker_client_info *found = broker__closed_at(&broker->closed, number);
	if (found)
		*info = *found;
	return found != NULL;
}

/* ---- cursors ---- */

void broker_cursor_init(struct broker_cursor *cursor, struct broker *broker)
{
	*cursor = (struct broker_cursor){
	    .broker = broker, .client = broker->loops[0].all.first, .next = broker->cursors};
	if (cursor->next)
		cursor->next->prev = cursor;
	broker->cursors = cursor;
}

void broker_cursor_fini(struct broker_cursor *cursor)
{
	if (cursor->prev)
		cursor->prev->next = cursor->next;
	else
		cursor->broker->cursors = cursor->next;
	if (cursor->next)
		cursor->next->prev = cursor->prev;
}

void broker__cursors_leave(struct broker *broker, const struct broker_client *client)
{
	for (struct broker_cursor *cursor = broker->cursors; cursor; cursor = cursor->next)
		if (cursor->client == client)
			broker_cursor_next_client(cursor);
}

void broker_cursor_seek(struct broker_cursor *cursor, uint64_t cid)
{
	cursor->client = broker__cids_find(&cursor->broker->loops[0].cids, cid);
	cursor->slot = 0;
}

uint64_t broker_cursor_cid(const struct broker_cursor *cursor)
{
	return cursor->client ? cursor->client->cid : 0;
}

void broker_cursor_describe(const struct broker_cursor *cursor, struct broker_client_info *info)
{
	*info = broker__client_describe(cursor->client);
}

void broker_cursor_next_client(struct broker_cursor *cursor)
{
	cursor->client = cursor->client ? cursor->client->all.next : NULL;
	cursor->slot = 0;
}

static uint32_t reverse_bits(uint32_t bits)
{
	uint32_t reversed = 0;
	for (int i = 0; i < 32; i++, bits >>= 1)
		reversed = reversed << 1 | (bits & 1);
	return reversed;
}

/* Count slots from their highest bit down. When a table doubles, the subscriptions of slot s move to s and to s
 * plus the old length, which are neighbours in this order: visited slots stay visited, unvisited ones unvisited. */
static uint32_t next_slot(uint32_t slot, uint32_t slots_len)
{
	return reverse_bits(reverse_bits(slot | ~(slots_len - 1)) + 1);
}

/* A subject as pages may show it. */
static struct wire_slice shown(struct broker *broker, struct wire_slice subject)
{
	return broker->masker ? wire_masker_subject(broker->masker, subject) : subject;
}

bool broker_cursor_next_subs(struct broker_cursor *cursor,
			     void (*each)(void *context, const struct broker_subscription_info *info),
			     void *context)
{
	const struct broker__sids *sids = cursor->client ? &cursor->client->sids : NULL;
	if (!sids || sids->slots_len == 0)
		return false;
	for (const struct broker__sub *sub = sids->slots[cursor->slot & (sids->slots_len - 1)]; sub;
	     sub = sub->sid_next) {
		const struct broker_subscription_info info = {.subject = shown(cursor->broker, sub->subject),
							      .queue = sub->queue,
							      .sid = sub->sid,
							      .delivered = sub->delivered,
							      .max = sub->max};
		each(context, &info);
	}
	cursor->slot = next_slot(cursor->slot, sids->slots_len);
	return cursor->slot != 0;
}
