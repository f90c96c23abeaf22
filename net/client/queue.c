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
	struct inlet *earlier; /* of the subscription before; NULL: none */
	struct net_client_queue *queue;
	struct net_client_subscription *subscription;
	char *subject;
	bool is_grouped;
	uint64_t delivered; /* by libnats so far; atomic */
};

/* The two threads write to different cache lines. */
struct net_client_queue {
	struct net_client *client;
	struct inlet *last; /* owned, as those before it */
	size_t inlets;
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

/* The server sends a message once for each subscription that matches, but once to a group. */
static bool has_come_earlier(const struct inlet *inlet, const char *subject)
{
	if (inlet->is_grouped)
		return false;
	for (const struct inlet *earlier = inlet->earlier; earlier; earlier = earlier->earlier)
		if (wire_subject_matches(wire_slice_str(earlier->subject), wire_slice_str(subject)))
			return true;
	return false;
}

static bool put(struct inlet *inlet, const struct net_client_delivery *delivery)
{
	struct net_client_queue *queue = inlet->queue;

	if (inlet->earlier && has_come_earlier(inlet, delivery->subject))
		return false;
	if (is_full(queue) && !wait_for_room(queue))
		return false;
	queue->entries[queue->put % ENTRIES] =
	    (struct entry){delivery->libnats, net_client_delivery_ns(queue->client)};
	queue->put_bytes += bytes_of(delivery);
	__atomic_store_n(&queue->put, queue->put + 1, __ATOMIC_RELEASE);
	return true;
}

/* Hot: once for every message. */
static bool on_message(void *context, const struct net_client_delivery *delivery)
{
	struct inlet *inlet = context;
	bool is_kept = put(inlet, delivery);

	__atomic_store_n(&inlet->delivered, inlet->delivered + 1, __ATOMIC_RELEASE);
	return is_kept;
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
	struct net_client_subscription **list = calloc(queue->inlets + 1, sizeof *list);
	size_t len = 0;

	for (struct inlet *inlet = queue->last; list && inlet; inlet = inlet->earlier)
		list[len++] = inlet->subscription;
	if (list)
		net_client_unsubscribe(list, len);
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
	while (queue->last) {
		struct inlet *last = queue->last;
		queue->last = last->earlier;
		drop_inlet(last);
	}
	free(queue->entries);
	free(queue);
}

static struct inlet *new_inlet(struct net_client_queue *queue, const char *subject)
{
	struct inlet *inlet = calloc(1, sizeof *inlet);

	if (!inlet)
		return NULL;
	*inlet = (struct inlet){.earlier = queue->last, .queue = queue, .subject = strdup(subject)};
	if (inlet->subject)
		return inlet;
	free(inlet);
	return NULL;
}

/* Keep it when it was subscribed. */
static int add_inlet(struct net_client_queue *queue, struct inlet *inlet, int error)
{
	if (error) {
		drop_inlet(inlet);
		return error;
	}
	queue->last = inlet;
	queue->inlets++;
	return 0;
}

int net_client_queue_subscribe_stream(struct net_client_queue *queue, const struct net_client_stream *stream,
				      uint64_t from_seq, int64_t from_ns, struct wire_fault *fault)
{
	struct inlet *inlet = new_inlet(queue, "");

	if (!inlet)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	return add_inlet(queue, inlet,
			 net_client_subscribe_stream(&inlet->subscription, queue->client, stream, from_seq,
						     from_ns, on_message, inlet, fault));
}

int net_client_queue_subscribe(struct net_client_queue *queue, const char *subject, const char *group,
			       uint64_t limit_bytes, struct wire_fault *fault)
{
	struct inlet *inlet = new_inlet(queue, subject);

	if (!inlet)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	inlet->is_grouped = group && *group;
	int error = net_client_subscribe(&inlet->subscription, queue->client, subject, group, on_message,
					 inlet, fault);
	error = add_inlet(queue, inlet, error);
	return error ? error : net_client_subscription_limit(inlet->subscription, limit_bytes);
}

bool net_client_queue_has_all(const struct net_client_queue *queue, uint64_t have)
{
	for (const struct inlet *inlet = queue->last; inlet; inlet = inlet->earlier)
		if (!net_client_subscription_has_all(inlet->subscription, have))
			return false;
	return true;
}

uint64_t net_client_queue_dropped(const struct net_client_queue *queue)
{
	uint64_t dropped = 0;

	for (const struct inlet *inlet = queue->last; inlet; inlet = inlet->earlier)
		dropped += net_client_subscription_dropped(inlet->subscription);
	return dropped;
}

/* ---- the end ---- */

void net_client_queue_drain(struct net_client_queue *queue)
{
	for (const struct inlet *inlet = queue->last; inlet; inlet = inlet->earlier)
		net_client_subscription_drain(inlet->subscription);
}

static bool is_taken(const struct net_client_queue *queue)
{
	return queue->taken == __atomic_load_n(&queue->put, __ATOMIC_ACQUIRE);
}

bool net_client_queue_is_drained(const struct net_client_queue *queue)
{
	for (const struct inlet *inlet = queue->last; inlet; inlet = inlet->earlier)
		if (!net_client_subscription_is_drained(inlet->subscription))
			return false;
	return is_taken(queue);
}

bool net_client_queue_is_empty(const struct net_client_queue *queue)
{
	for (const struct inlet *inlet = queue->last; inlet; inlet = inlet->earlier)
		if (net_client_subscription_waiting(inlet->subscription,
						    __atomic_load_n(&inlet->delivered, __ATOMIC_ACQUIRE)) > 0)
			return false;
	return is_taken(queue);
}
