/* pressure.c - who sends faster than others can take is slowed down, never for ever; who does not take at all is cut
 * off; memory stays within its bound. */
#include "broker/server.h"

enum {
	STALL_THRESHOLD =
	    8 << 20, /* pending bytes, or three quarters of the client's limit if that is less */
	STALL_MIN_MS = 10,
	STALL_MAX_MS = 100, /* for a receiver that is about to exceed its limit */
	STALL_TICK_MS = 5,
	FLUSH_EVERY_BYTES = 8 << 20, /* of new output */
};

uint64_t broker__pressure_threshold(const struct broker *broker)
{
	uint64_t most = broker->options.max_pending / 4 * 3;
	return most < STALL_THRESHOLD ? most : STALL_THRESHOLD;
}

/* ---- memory ---- */

static uint64_t most_for_all(const struct broker *broker)
{
	const struct broker_options *options = &broker->options;
	return options->max_pending_total > 0 ? options->max_pending_total : 2 * options->max_pending;
}

static size_t held_by(const struct broker_client *client)
{
	return broker__output_pending(&client->output) + client->partial_len;
}

static void cut_largest(struct broker__loop *loop)
{
	struct broker_client *largest = NULL;
	for (struct broker_client *client = loop->all.first; client; client = client->all.next)
		if (broker__client_is_open(client) && (!largest || held_by(client) > held_by(largest)))
			largest = client;
	if (!largest)
		return;
	loop->counters.slow_consumers++;
	broker__client_log(largest, BROKER_LOG_INFO,
			   "Slow Consumer Detected: %zu bytes pending, and all clients together exceed "
			   "max_pending_total of %llu",
			   held_by(largest), (unsigned long long)most_for_all(loop->broker));
	broker__client_cut(largest, "Slow Consumer (Pending Bytes)");
}

static bool is_over_limit(const struct broker__loop *loop)
{
	return loop->pool.in_use_bytes + loop->partial_bytes > most_for_all(loop->broker);
}

/* What was put into the output of a client that is leaving will not be written: count it as lost, then let it go. */
static void drop_leaving(struct broker__loop *loop)
{
	for (struct broker_client *client = loop->leaving; client; client = client->leaving_next) {
		if (client->keeps_output || client->is_dropped)
			continue;
		client->is_dropped = true;
		client->lost_messages = broker__output_unsent_messages(&client->output);
		client->lost_bytes = broker__output_pending(&client->output);
		broker__output_drop(&client->output);
	}
}

void broker__pressure_relieve(struct broker__loop *loop)
{
	if (loop->pool.in_use_bytes > loop->flush_above_bytes) {
		broker__loop_flush(loop);
		loop->flush_above_bytes = loop->pool.in_use_bytes + FLUSH_EVERY_BYTES;
	}
	if (!is_over_limit(loop))
		return;
	cut_largest(loop);
	drop_leaving(loop);
}

/* ---- pausing publishers ---- */

static void resume(struct broker_client *client)
{
	if (client->is_stalled || client->is_held || !broker__client_is_open(client))
		return;
	broker__transport_read(&client->transport);
}

static void end_stall(struct broker_client *client)
{
	broker__clients_remove(&client->loop->stalled, client, BROKER__LINK(stalled));
	client->is_stalled = false;
	client->stalled_by = NULL;
	resume(client);
}

static void on_stall_tick(uv_timer_t *timer)
{
	struct broker__loop *loop = timer->data;
	uint64_t now_ms = uv_now(&loop->uv);
	for (struct broker_client *client = loop->stalled.first, *next; client; client = next) {
		next = client->stalled.next;
		if (client->stalled_until_ms <= now_ms)
			end_stall(client);
	}
	if (loop->stalled.len == 0)
		uv_timer_stop(timer);
}

/* The nearer a receiver is to its limit, the longer. */
static uint64_t stall_ms(const struct broker_client *receiver)
{
	uint64_t from = broker__pressure_threshold(receiver->loop->broker), to = receiver->output.max;
	uint64_t pending = broker__output_pending(&receiver->output);
	if (pending <= from || to <= from)
		return STALL_MIN_MS;
	return STALL_MIN_MS + (STALL_MAX_MS - STALL_MIN_MS) * (pending - from) / (to - from);
}

static void stall(struct broker_client *publisher, struct broker_client *receiver, uint64_t span_ms)
{
	struct broker__loop *loop = publisher->loop;
	loop->counters.stalled++;
	publisher->is_stalled = true;
	publisher->stalled_by = receiver;
	publisher->stalled_until_ms = uv_now(&loop->uv) + span_ms;
	broker__clients_add(&loop->stalled, publisher, BROKER__LINK(stalled));
	broker__transport_pause(&publisher->transport);
	if (!uv_is_active((uv_handle_t *)&loop->stall))
		uv_timer_start(&loop->stall, on_stall_tick, STALL_TICK_MS, STALL_TICK_MS);
}

static bool is_behind(const struct broker_client *receiver)
{
	return broker__client_is_open(receiver) &&
	       broker__output_pending(&receiver->output) > broker__pressure_threshold(receiver->loop->broker);
}

bool broker__pressure_may_read(struct broker_client *client)
{
	struct wire_sink *sink = client->loop->broker->sink;
	if (!sink || !sink->ready || sink->ready(sink))
		return true;
	if (!client->is_held)
		broker__clients_add(&client->loop->held, client, BROKER__LINK(held));
	client->is_held = true;
	return false;
}

void broker__pressure_apply(struct broker_client *publisher, bool has_published)
{
	struct broker__loop *loop = publisher->loop;
	loop->flush_above_bytes = loop->pool.in_use_bytes + FLUSH_EVERY_BYTES;
	if (!has_published || !broker__client_is_open(publisher) || publisher->is_stalled)
		return;
	uint64_t total = loop->pool.in_use_bytes + loop->partial_bytes;
	if (loop->stalled_by && is_behind(loop->stalled_by))
		stall(publisher, loop->stalled_by, stall_ms(loop->stalled_by));
	else if (total > most_for_all(loop->broker) / 4 * 3)
		stall(publisher, NULL, STALL_MIN_MS);
}

void broker__pressure_drained(struct broker_client *receiver)
{
	struct broker__loop *loop = receiver->loop;
	if (loop->stalled.len == 0 || is_behind(receiver))
		return;
	for (struct broker_client *client = loop->stalled.first, *next; client; client = next) {
		next = client->stalled.next;
		if (client->stalled_by == receiver)
			end_stall(client);
	}
}

void broker__pressure_forget(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	broker__pressure_drained(client);
	if (client->is_stalled)
		broker__clients_remove(&loop->stalled, client, BROKER__LINK(stalled));
	if (client->is_held)
		broker__clients_remove(&loop->held, client, BROKER__LINK(held));
	client->is_stalled = client->is_held = false;
	if (loop->stalled_by == client)
		loop->stalled_by = NULL;
}

void broker__pressure_release(struct broker__loop *loop)
{
	while (loop->held.first) {
		struct broker_client *client = loop->held.first;
		broker__clients_remove(&loop->held, client, BROKER__LINK(held));
		client->is_held = false;
		resume(client);
	}
}
