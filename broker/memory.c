/* memory.c - what is held for clients stays within max_pending_total, output and input together.
 *
 * Output that does not fit costs the one who holds most its connection. Input is not read in the first place: who is
 * sending something large waits until there is room; when nothing gets any smaller for a while, the largest unfinished
 * operation goes, with its client. A part of the total is left to output and to those who send little at a time. */
#include "broker/server.h"
#include "broker/turn.h"

enum {
	FLUSH_EVERY_BYTES = 8 << 20, /* of new output */
	SMALL_BYTES = 4096,          /* read when there is room for nothing large */
	LARGE_BYTES = 64 * 1024,
	IDLE_MS = 2000,  /* unfinished operations that do not grow for so long make room for others */
	WAIT_MS = 10000, /* after so long any does */
};

/* ---- the total ---- */

uint64_t broker__memory_limit(const struct broker *broker)
{
	const struct broker_options *options = &broker->options;
	return options->max_pending_total > 0 ? options->max_pending_total : 2 * options->max_pending;
}

static uint64_t held_by_all(const struct broker__loop *loop)
{
	return loop->pool.in_use_bytes + loop->partial_bytes;
}

static uint64_t held_by(const struct broker_client *client)
{
	return broker__output_pending(&client->output) + client->held_bytes;
}

static bool is_over_limit(const struct broker__loop *loop)
{
	return held_by_all(loop) > broker__memory_limit(loop->broker);
}

/* ---- output ---- */

static struct broker_client *find_largest(struct broker__loop *loop,
					  uint64_t (*measure)(const struct broker_client *client))
{
	struct broker_client *largest = NULL;
	uint64_t most = 0;
	for (struct broker_client *client = loop->all.first; client; client = client->all.next) {
		uint64_t size = broker__client_is_open(client) ? measure(client) : 0;
		if (size > most)
			largest = client;
		most = size > most ? size : most;
	}
	return largest;
}

static void cut_consumer(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	loop->counters.slow_consumers++;
	broker__client_log(client, BROKER_LOG_INFO,
			   "Slow Consumer Detected: %llu bytes pending, and all clients together exceed "
			   "max_pending_total of %llu",
			   (unsigned long long)held_by(client),
			   (unsigned long long)broker__memory_limit(loop->broker));
	broker__client_cut(client, "Slow Consumer (Pending Bytes)");
}

/* What was put into the output of a client that is leaving will not be written: count it as lost, then let it go. What
 * was read of it will not be obeyed, unless its message is under way. */
static void drop_leaving(struct broker__loop *loop)
{
	for (struct broker_client *client = loop->leaving; client; client = client->leaving_next) {
		if (client->keeps_output || client->is_dropped)
			continue;
		client->is_dropped = true;
		broker__client_count_lost(client);
		broker__output_drop(&client->output);
	}
}

void broker__memory_relieve(struct broker__loop *loop)
{
	if (loop->pool.in_use_bytes > loop->flush_above_bytes) {
		broker__loop_flush(loop);
		loop->flush_above_bytes = loop->pool.in_use_bytes + FLUSH_EVERY_BYTES;
	}
	while (is_over_limit(loop) && loop->dirty.first)
		broker__loop_flush_one(loop);
	if (!is_over_limit(loop))
		return;
	struct broker_client *largest = find_largest(loop, held_by);
	if (largest)
		cut_consumer(largest);
	drop_leaving(loop);
}

/* ---- input ---- */

/* How much of `wanted` fits. Unfinished operations that have a buffer of their own must leave a part of the total free;
 * what is small, or leaves nothing behind in most cases, is bounded by the input of all. */
static size_t room_for(const struct broker_client *client, size_t wanted)
{
	const struct broker__loop *loop = client->loop;
	uint64_t limit = broker__memory_limit(loop->broker), most = limit - limit / 32;
	uint64_t held = client->partial_cap > 0 ? held_by_all(loop) : loop->partial_bytes;
	size_t small = wanted < SMALL_BYTES ? wanted : SMALL_BYTES,
	       left = held < most ? (size_t)(most - held) : 0;
	if (left >= small)
		return left < wanted ? left : wanted;
	bool is_small = client->held_bytes < LARGE_BYTES && loop->partial_bytes < limit;
	return is_small || client->held_bytes == 0 ? small : 0;
}

size_t broker__memory_room(struct broker_client *client, size_t wanted)
{
	struct broker__loop *loop = client->loop;
	size_t room = room_for(client, wanted);
	if (room > 0)
		return room;
	client->starved_ms = uv_now(&loop->uv);
	client->paused |= BROKER__SHORT; /* without room the transport pauses by itself */
	broker__clients_add(&loop->starved, client, BROKER__LINK(starved));
	broker__pressure_start_tick(loop);
	return 0;
}

void broker__memory_forget(struct broker_client *client)
{
	if (client->paused & BROKER__SHORT)
		broker__clients_remove(&client->loop->starved, client, BROKER__LINK(starved));
	client->paused &= ~(unsigned)BROKER__SHORT;
}

/* Output, and unfinished operations that do not grow although they might. */
static uint64_t held_idly(const struct broker_client *client)
{
	uint64_t silent_ms = uv_now(&client->loop->uv) - client->fed_ms;
	bool is_idle = client->paused == 0 && silent_ms >= IDLE_MS;
	return broker__output_pending(&client->output) + (is_idle ? client->held_bytes : 0);
}

static void cut_publisher(struct broker_client *client)
{
	struct broker__loop *loop = client->loop;
	loop->counters.slow_consumers++;
	broker__client_log(client, BROKER_LOG_INFO,
			   "Slow Publisher Detected: %zu bytes of an unfinished message, and all clients "
			   "together reach max_pending_total of %llu",
			   client->held_bytes, (unsigned long long)broker__memory_limit(loop->broker));
	broker__client_send_error(client, WIRE_LITERAL("Maximum Pending Total Exceeded"));
	broker__client_close(client, "Slow Publisher (Pending Bytes)");
}

static void make_room(struct broker__loop *loop, bool must_be_idle)
{
	struct broker_client *largest = find_largest(loop, must_be_idle ? held_idly : held_by);
	if (!largest)
		return;
	broker__loop_read_clock(loop);
	if (broker__output_pending(&largest->output) > largest->held_bytes)
		cut_consumer(largest);
	else
		cut_publisher(largest);
	broker__loop_settle(loop);
}

void broker__memory_tick(struct broker__loop *loop)
{
	while (loop->starved.first && room_for(loop->starved.first, LARGE_BYTES) > 0) {
		struct broker_client *client = loop->starved.first;
		broker__memory_forget(client);
		broker__client_resume(client, BROKER__SHORT);
	}
	if (!loop->starved.first)
		return;
	uint64_t waited_ms = uv_now(&loop->uv) - loop->starved.first->starved_ms;
	if (waited_ms >= IDLE_MS)
		make_room(loop, waited_ms < WAIT_MS);
}
