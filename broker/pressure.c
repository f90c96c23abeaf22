#include "broker/pressure.h"

#include "broker/clients.h"
#include "broker/memory.h"
#include "broker/reading.h"

enum {
	STALL_THRESHOLD =
	    8 << 20, /* pending bytes, or three quarters of the client's limit if that is less */
	STALL_MIN_MS = 10,
	STALL_MAX_MS = 100, /* for a receiver that is about to exceed its limit */
	STALL_TICK_MS = 5,
	FED_AT_ONCE = 32, /* clients that had no room to be read: at each tick, since they may take it all */
	FLUSH_EVERY_BYTES = 8 << 20, /* of new output */
};

uint64_t broker__pressure_threshold(const struct broker *broker)
{
	uint64_t most = broker->options.max_pending / 4 * 3;
	return most < STALL_THRESHOLD ? most : STALL_THRESHOLD;
}

/* ---- waiting for memory ---- */

static void forget_starved(struct broker_client *client)
{
	if (client->paused & BROKER__STARVED)
		broker__clients_remove(&client->loop->starved, client, BROKER__LINK(starved));
	client->paused &= ~(unsigned)BROKER__STARVED;
}

/* Resume some clients while there is room; when there is none for long, make room. */
static void feed_starved(struct broker__loop *loop)
{
	struct broker_client *client;
	uint32_t fed = 0;
	while ((client = loop->starved.first) && fed < FED_AT_ONCE &&
	       broker__memory_room(client, BROKER__MEMORY_LARGE_BYTES) > 0) {
		forget_starved(client);
		broker__client_resume(client, BROKER__STARVED);
		fed++;
	}
	if (client && fed == 0)
		broker__memory_make_room(loop, uv_now(&loop->uv) - client->starved_ms);
}

/* ---- waiting for a receiver ---- */

static void end_stall(struct broker_client *client)
{
	broker__clients_remove(&client->loop->stalled, client, BROKER__LINK(stalled));
	client->stalled_by = NULL;
	broker__client_resume(client, BROKER__STALLED);
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
	feed_starved(loop);
	if (loop->stalled.len == 0 && loop->starved.len == 0)
		uv_timer_stop(timer);
}

/* End stalls, and look for memory, every few milliseconds while a client waits for either. */
static void start_tick(struct broker__loop *loop)
{
	if (!uv_is_active((uv_handle_t *)&loop->stall))
		uv_timer_start(&loop->stall, on_stall_tick, STALL_TICK_MS, STALL_TICK_MS);
}

size_t broker__pressure_room(struct broker_client *client, size_t wanted)
{
	struct broker__loop *loop = client->loop;
	size_t room = broker__memory_room(client, wanted);
	if (room > 0)
		return room;
	client->starved_ms = uv_now(&loop->uv);
	client->paused |= BROKER__STARVED; /* without room the stream pauses on its own */
	broker__clients_add(&loop->starved, client, BROKER__LINK(starved));
	start_tick(loop);
	return 0;
}

/* How long a publisher waits: the longer the nearer the receiver is to its limit. */
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
	publisher->stalled_by = receiver;
	publisher->stalled_until_ms = uv_now(&loop->uv) + span_ms;
	broker__clients_add(&loop->stalled, publisher, BROKER__LINK(stalled));
	broker__client_pause(publisher, BROKER__STALLED);
	start_tick(loop);
}

static bool is_behind(const struct broker_client *receiver)
{
	return broker__client_is_open(receiver) &&
	       broker__output_pending(&receiver->output) > broker__pressure_threshold(receiver->loop->broker);
}

/* A publisher whose message is in progress finishes it first: others may wait for that. */
void broker__pressure_apply(struct broker_client *publisher, bool has_published)
{
	struct broker__loop *loop = publisher->loop;
	loop->flush_above_bytes = loop->pool.in_use_bytes + FLUSH_EVERY_BYTES;
	if (!has_published || !broker__client_is_open(publisher) || publisher->is_begun ||
	    (publisher->paused & BROKER__STALLED))
		return;
	if (loop->stalled_by && is_behind(loop->stalled_by))
		stall(publisher, loop->stalled_by, stall_ms(loop->stalled_by));
	else if (loop->pool.in_use_bytes + loop->layer_bytes > broker__memory_limit(loop->broker) / 4 * 3)
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

/* ---- waiting for the sink ---- */

void broker__pressure_hold(struct broker_client *client)
{
	if (client->paused & BROKER__HELD)
		return;
	broker__clients_add(&client->loop->held, client, BROKER__LINK(held));
	broker__client_pause(client, BROKER__HELD);
}

void broker__pressure_release(struct broker__loop *loop)
{
	while (loop->held.first) {
		struct broker_client *client = loop->held.first;
		broker__clients_remove(&loop->held, client, BROKER__LINK(held));
		broker__client_resume(client, BROKER__HELD);
	}
}

void broker__pressure_forget(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	broker__pressure_drained(client);
	forget_starved(client);
	if (client->paused & BROKER__STALLED)
		broker__clients_remove(&loop->stalled, client, BROKER__LINK(stalled));
	if (client->paused & BROKER__HELD)
		broker__clients_remove(&loop->held, client, BROKER__LINK(held));
	client->paused &= ~(unsigned)(BROKER__STALLED | BROKER__HELD);
	if (loop->stalled_by == client)
		loop->stalled_by = NULL;
}
