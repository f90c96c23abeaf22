#include "trace/conversation/deliveries.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/memory.h"

void trace__deliveries_init(struct trace__deliveries *deliveries, size_t bytes_max)
{
	*deliveries = (struct trace__deliveries){
	    .stalest = TRACE_NO_CLIENT, .freshest = TRACE_NO_CLIENT, .bytes_max = bytes_max};
}

void trace__deliveries_fini(struct trace__deliveries *deliveries)
{
	for (uint32_t i = 0; i < deliveries->count; i++)
		free(deliveries->rings[i].list);
	free(deliveries->rings);
	*deliveries = (struct trace__deliveries){0};
}

/* ---- rings, by their last delivery ---- */

static void unlist(struct trace__deliveries *deliveries, const struct trace__deliveries_ring *ring)
{
	if (ring->staler != TRACE_NO_CLIENT)
		deliveries->rings[ring->staler].fresher = ring->fresher;
	else
		deliveries->stalest = ring->fresher;
	if (ring->fresher != TRACE_NO_CLIENT)
		deliveries->rings[ring->fresher].staler = ring->staler;
	else
		deliveries->freshest = ring->staler;
}

static void list_as_freshest(struct trace__deliveries *deliveries, uint32_t client)
{
	struct trace__deliveries_ring *ring = &deliveries->rings[client];
	ring->staler = deliveries->freshest;
	ring->fresher = TRACE_NO_CLIENT;
	if (deliveries->freshest != TRACE_NO_CLIENT)
		deliveries->rings[deliveries->freshest].fresher = client;
	else
		deliveries->stalest = client;
	deliveries->freshest = client;
}

void trace__deliveries_drop(struct trace__deliveries *deliveries, uint32_t client)
{
	struct trace__deliveries_ring *ring = client < deliveries->count ? &deliveries->rings[client] : NULL;
	if (!ring || !ring->list)
		return;
	unlist(deliveries, ring);
	deliveries->bytes -= ring->cap * sizeof *ring->list;
	free(ring->list);
	*ring = (struct trace__deliveries_ring){0};
}

static struct trace__deliveries_ring *ring_of(struct trace__deliveries *deliveries, uint32_t client)
{
	bool has_room = trace_grow(&deliveries->rings, &deliveries->count, (uint64_t)client + 1,
				   sizeof *deliveries->rings, NULL);
	return has_room ? &deliveries->rings[client] : NULL;
}

/* Double a ring that has not wrapped: deliveries keep their places. */
static int grow(struct trace__deliveries *deliveries, struct trace__deliveries_ring *ring)
{
	const uint32_t had = ring->cap;
	if (!trace_grow(&ring->list, &ring->cap, (uint64_t)had + 1, sizeof *ring->list, NULL))
		return -ENOMEM;
	deliveries->bytes += (ring->cap - had) * sizeof *ring->list;
	return 0;
}

int trace__deliveries_add(struct trace__deliveries *deliveries, uint32_t client,
			  const struct trace__delivery *delivery)
{
	struct trace__deliveries_ring *ring = ring_of(deliveries, client);
	if (!ring)
		return -ENOMEM;
	const bool was_listed = ring->list != NULL;
	if (ring->added == ring->cap && ring->cap < TRACE__DELIVERIES_MAX && grow(deliveries, ring) != 0)
		return -ENOMEM;
	if (was_listed)
		unlist(deliveries, ring);
	list_as_freshest(deliveries, client);
	ring->list[ring->added++ & (ring->cap - 1)] = *delivery;
	while (deliveries->bytes > deliveries->bytes_max && deliveries->stalest != client)
		trace__deliveries_drop(deliveries, deliveries->stalest);
	return 0;
}

struct trace__delivery *trace__deliveries_at(const struct trace__deliveries *deliveries, uint32_t client,
					     uint32_t i)
{
	if (client >= deliveries->count)
		return NULL;
	const struct trace__deliveries_ring *ring = &deliveries->rings[client];
	return i < ring->cap && i < ring->added ? &ring->list[(ring->added - 1 - i) & (ring->cap - 1)] : NULL;
}

struct trace__delivery *trace__deliveries_find(const struct trace__deliveries *deliveries, uint32_t client,
					       const struct trace_node *node)
{
	struct trace__delivery *delivery;
	for (uint32_t i = 0; (delivery = trace__deliveries_at(deliveries, client, i)) != NULL; i++)
		if (delivery->node == node)
			return delivery;
	return NULL;
}

static void forget(struct trace__deliveries *deliveries, uint32_t client, const struct trace_node *node)
{
	struct trace__delivery *delivery = trace__deliveries_find(deliveries, client, node);
	if (delivery)
		delivery->node = NULL;
}

void trace__deliveries_remove(struct trace__deliveries *deliveries, const struct trace_node *node)
{
	const bool is_delivery = node->event.kind == WIRE_EVENT_DELIVERY;
	uint32_t count = is_delivery ? 1 : node->event.receivers ? node->event.receivers_len : 0;
	for (uint32_t i = 0; i < count; i++)
		if (node->receivers[i] != TRACE_NO_CLIENT)
			forget(deliveries, node->receivers[i], node);
}
