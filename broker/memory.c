#include "broker/memory.h"

#include "broker/client_log.h"
#include "broker/connection.h"
#include "broker/emit.h"
#include "broker/flush.h"

enum {
	FLUSH_EVERY_BYTES = 8 << 20, /* of new output */
	SMALL_BYTES = 4096,          /* read when there is no room for more */
	IDLE_MS = 2000,  /* an unfinished operation that has not grown for this long may be dropped */
	WAIT_MS = 10000, /* after waiting this long, any may be dropped */
};

/* ---- the total ---- */

uint64_t broker__memory_limit(const struct broker *broker)
{
	const struct broker_options *options = &broker->options;
	return options->max_pending_total > 0 ? options->max_pending_total : 2 * options->max_pending;
}

static uint64_t held_by_all(const struct broker__loop *loop)
{
	return loop->pool.in_use_bytes + loop->layer_bytes + loop->partial_bytes;
}

static uint64_t held_by(const struct broker_client *client)
{
	return broker__output_pending(&client->output) + client->layer_bytes + client->held_bytes;
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

/* The output of a client that was cut will not be written: count it as lost and free it now. */
static void drop_output_of_cut(struct broker__loop *loop)
{
	for (struct broker_client *client = loop->leaving; client; client = client->leaving_next) {
		if (client->life != BROKER__CUT)
			continue;
		client->life = BROKER__DROPPED;
		broker__client_count_lost(client);
		broker__output_drop(&client->output);
	}
}

void broker__memory_relieve(struct broker__loop *loop)
{
	if (loop->pool.in_use_bytes > loop->flush_above_bytes) {
		broker__flush(loop);
		loop->flush_above_bytes = loop->pool.in_use_bytes + FLUSH_EVERY_BYTES;
	}
	while (is_over_limit(loop) && loop->dirty.first)
		broker__flush_first(loop);
	if (!is_over_limit(loop))
		return;
	struct broker_client *largest = find_largest(loop, held_by);
	if (largest)
		cut_consumer(largest);
	drop_output_of_cut(loop);
}

/* ---- input ---- */

/* Unfinished operations with a buffer of their own must leave a part of the total free. Small reads, and reads that
 * usually leave nothing to hold, are bounded by the held input of all clients. */
size_t broker__memory_room(const struct broker_client *client, size_t wanted)
{
	const struct broker__loop *loop = client->loop;
	uint64_t limit = broker__memory_limit(loop->broker), most = limit - limit / 32;
	uint64_t held = client->partial_cap > 0 ? held_by_all(loop) : loop->partial_bytes;
	size_t small = wanted < SMALL_BYTES ? wanted : SMALL_BYTES,
	       left = held < most ? (size_t)(most - held) : 0;
	if (left >= small)
		return left < wanted ? left : wanted;
	bool is_small = client->held_bytes < BROKER__MEMORY_LARGE_BYTES && loop->partial_bytes < limit;
	return is_small || client->held_bytes == 0 ? small : 0;
}

/* Output, and unfinished operations that do not grow although they could. */
static uint64_t held_idly(const struct broker_client *client)
{
	uint64_t silent_ms = uv_now(&client->loop->uv) - client->fed_ms;
	bool is_idle = client->paused == 0 && silent_ms >= IDLE_MS;
	return broker__output_pending(&client->output) + client->layer_bytes +
	       (is_idle ? client->held_bytes : 0);
}

static void close_publisher(struct broker_client *client)
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

void broker__memory_make_room(struct broker__loop *loop, uint64_t waited_ms)
{
	if (waited_ms < IDLE_MS)
		return;
	struct broker_client *largest = find_largest(loop, waited_ms < WAIT_MS ? held_idly : held_by);
	if (!largest)
		return;
	broker__read_clock(loop);
	if (broker__output_pending(&largest->output) + largest->layer_bytes > largest->held_bytes)
		cut_consumer(largest);
	else
		close_publisher(largest);
}
