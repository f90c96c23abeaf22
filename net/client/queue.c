#include "net/client/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/subject.h"

enum {
	ENTRIES = 1 << 15,     /* a power of two */
	RING_BYTES = 16 << 20, /* the ring is full at so many bytes of messages */
	FULL_NS = 200000,      /* between two looks of libnats' thread whether there is room */
	LINE = 64,             /* bytes of a cache line */
};

struct entry {
	void *libnats;
	int64_t read_ns;
};

/* The context of the callback of one subscription. */
struct inlet {
	struct net_client_queue *queue;
	struct net_client_subscription *subscription;
	char *subject;
	bool is_grouped;
	size_t index;
};

/* The two threads write to different cache lines. */
struct net_client_queue {
	struct net_client *client;
	struct inlet **inlets;
	size_t inlets_len;
	_Atomic bool is_closing;
	struct entry *entries;

	_Alignas(LINE) uint64_t put; /* by libnats' thread so far; atomic */
	uint64_t put_bytes;
	uint64_t known_taken; /* of `taken`, to read that rarely */
	uint64_t known_taken_bytes;

	_Alignas(LINE) uint64_t taken; /* so far; atomic */
	uint64_t taken_bytes;          /* atomic */
	uint64_t known_put;
	bool has_arrival;
	struct net_client_arrival arrival;
};

/* Of subject, headers and payload, which libnats keeps in one piece; the same at both ends of the ring. */
static uint64_t bytes_of(const struct net_client_delivery *delivery)
{
	return (uint64_t)(delivery->payload.data - delivery->subject) + delivery->payload.len;
}

/* ---- libnats' thread ---- */

/* As far as is known of the thread that takes. A message of any size goes into a ring that is not full. */
static bool has_room(const struct net_client_queue *queue)
{
	return queue->put - queue->known_taken < ENTRIES &&
	       queue->put_bytes - queue->known_taken_bytes < RING_BYTES;
}

static bool is_full(struct net_client_queue *queue)
{
	if (has_room(queue))
		return false;
	queue->known_taken = __atomic_load_n(&queue->taken, __ATOMIC_ACQUIRE);
	queue->known_taken_bytes = __atomic_load_n(&queue->taken_bytes, __ATOMIC_RELAXED);
	return !has_room(queue);
}

/* False when the queue closes meanwhile. */
static bool wait_for_room(struct net_client_queue *queue)
{
	const struct timespec nap = {.tv_nsec = FULL_NS};

	while (is_full(queue) && !queue->is_closing)
		nanosleep(&nap, NULL);
	return !queue->is_closing;
}

/* The server sends a message once for each subscription that matches. */
static bool has_come_earlier(const struct inlet *inlet, const char *subject)
{
	for (size_t i = 0; i < inlet->index && !inlet->is_grouped; i++)
		if (wire_subject_matches(wire_slice_str(inlet->queue->inlets[i]->subject),
					 wire_slice_str(subject)))
			return true;
	return false;
}

/* Hot: once for every message. */
static bool on_message(void *context, const struct net_client_delivery *delivery)
{
	const struct inlet *inlet = context;
	struct net_client_queue *queue = inlet->queue;

	if (inlet->index > 0 && has_come_earlier(inlet, delivery->subject))
		return false;
	if (is_full(queue) && !wait_for_room(queue))
		return false;
	queue->entries[queue->put % ENTRIES] =
	    (struct entry){delivery->libnats, net_client_read_ns(queue->client)};
	queue->put_bytes += bytes_of(delivery);
	__atomic_store_n(&queue->put, queue->put + 1, __ATOMIC_RELEASE);
	return true;
}

/* ---- the thread that takes ---- */

/* Hot: once for every message. */
const struct net_client_arrival *net_client_queue_next(struct net_client_queue *queue)
{
	if (queue->has_arrival)
		return &queue->arrival;
	if (queue->taken == queue->known_put) {
		queue->known_put = __atomic_load_n(&queue->put, __ATOMIC_ACQUIRE);
		if (queue->taken == queue->known_put)
			return NULL;
	}
	const struct entry *entry = &queue->entries[queue->taken % ENTRIES];
	net_client_delivery_set(&queue->arrival.delivery, entry->libnats);
	queue->arrival.read_ns = entry->read_ns;
	queue->has_arrival = true;
	return &queue->arrival;
}

void net_client_queue_release(struct net_client_queue *queue)
{
	uint64_t bytes = bytes_of(&queue->arrival.delivery);

	net_client_delivery_free(&queue->arrival.delivery);
	queue->has_arrival = false;
	__atomic_store_n(&queue->taken_bytes, queue->taken_bytes + bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&queue->taken, queue->taken + 1, __ATOMIC_RELEASE);
}

/* ---- opening and closing ---- */

struct net_client_queue *net_client_queue_open(struct net_client *client)
{
	struct net_client_queue *queue = aligned_alloc(LINE, sizeof *queue);

	if (!queue)
		return NULL;
	memset(queue, 0, sizeof *queue);
	queue->client = client;
	queue->entries = calloc(ENTRIES, sizeof *queue->entries);
	if (!queue->entries) {
		free(queue);
		return NULL;
	}
	return queue;
}

static void drop_inlet(struct inlet *inlet)
{
	free(inlet->subject);
	free(inlet);
}

static void end_subscriptions(struct net_client_queue *queue)
{
	struct net_client_subscription **list = calloc(queue->inlets_len + 1, sizeof *list);

	for (size_t i = 0; list && i < queue->inlets_len; i++)
		list[i] = queue->inlets[i]->subscription;
	if (list)
		net_client_unsubscribe(list, queue->inlets_len);
	free(list);
}

void net_client_queue_close(struct net_client_queue *queue)
{
	if (!queue)
		return;
	queue->is_closing = true;
	end_subscriptions(queue);
	while (net_client_queue_next(queue))
		net_client_queue_release(queue);
	for (size_t i = 0; i < queue->inlets_len; i++)
		drop_inlet(queue->inlets[i]);
	free(queue->inlets);
	free(queue->entries);
	free(queue);
}

static struct inlet *add_inlet(struct net_client_queue *queue, const char *subject, const char *group)
{
	struct inlet **grown = realloc(queue->inlets, (queue->inlets_len + 1) * sizeof(struct inlet *));
	struct inlet *inlet = grown ? calloc(1, sizeof *inlet) : NULL;

	queue->inlets = grown ? grown : queue->inlets;
	if (!inlet)
		return NULL;
	*inlet = (struct inlet){.queue = queue,
				.subject = strdup(subject),
				.is_grouped = group && *group,
				.index = queue->inlets_len};
	if (!inlet->subject) {
		free(inlet);
		return NULL;
	}
	queue->inlets[queue->inlets_len] = inlet;
	return inlet;
}

int net_client_queue_subscribe_stream(struct net_client_queue *queue, const struct net_client_stream *stream,
				      uint64_t from_seq, int64_t from_ns, struct wire_fault *fault)
{
	struct inlet *inlet = add_inlet(queue, "", NULL);

	if (!inlet)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = net_client_subscribe_stream(&inlet->subscription, queue->client, stream, from_seq,
						from_ns, on_message, inlet, fault);
	if (error)
		drop_inlet(inlet);
	else
		queue->inlets_len++;
	return error;
}

int net_client_queue_subscribe(struct net_client_queue *queue, const char *subject, const char *group,
			       uint64_t limit_bytes, struct wire_fault *fault)
{
	struct inlet *inlet = add_inlet(queue, subject, group);

	if (!inlet)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	int error = net_client_subscribe(&inlet->subscription, queue->client, subject, group, on_message,
					 inlet, fault);
	if (error) {
		drop_inlet(inlet);
		return error;
	}
	queue->inlets_len++;
	return net_client_subscription_limit(inlet->subscription, limit_bytes);
}

bool net_client_queue_has_all(const struct net_client_queue *queue, uint64_t have)
{
	for (size_t i = 0; i < queue->inlets_len; i++)
		if (!net_client_subscription_has_all(queue->inlets[i]->subscription, have))
			return false;
	return true;
}

uint64_t net_client_queue_dropped(const struct net_client_queue *queue)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < queue->inlets_len; i++)
		dropped += net_client_subscription_dropped(queue->inlets[i]->subscription);
	return dropped;
}

void net_client_queue_drain(struct net_client_queue *queue, int64_t timeout_ms)
{
	for (size_t i = 0; i < queue->inlets_len; i++)
		net_client_subscription_drain(queue->inlets[i]->subscription, timeout_ms);
}

bool net_client_queue_is_drained(const struct net_client_queue *queue)
{
	for (size_t i = 0; i < queue->inlets_len; i++)
		if (!net_client_subscription_is_drained(queue->inlets[i]->subscription))
			return false;
	return queue->taken == __atomic_load_n(&queue->put, __ATOMIC_ACQUIRE);
}
