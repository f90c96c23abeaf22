#include "trace/conversation/node.h"

#include <stdlib.h>

#include "store/read/steps.h"

/* Copy bytes to *at, which is advanced. */
static void keep(char **at, struct wire_slice *slice)
{
	if (slice->len > 0)
		memcpy(*at, slice->data, slice->len);
	slice->data = *at;
	*at += slice->len;
}

static size_t text_bytes(const struct wire_event *event)
{
	size_t bytes = event->subject.len + event->reply.len + event->headers.len + event->payload.len +
		       event->sid.len + event->queue.len + event->text.len;
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		bytes += event->receivers[i].sid.len + event->receivers[i].queue.len;
	return bytes;
}

/* A delivery has one receiver: its connection. */
static uint32_t receivers_of(const struct wire_event *event)
{
	if (event->kind == WIRE_EVENT_DELIVERY)
		return 1;
	return event->receivers ? event->receivers_len : 0;
}

static void copy_texts(struct wire_event *event, struct wire_receiver *receivers, char *at)
{
	keep(&at, &event->subject);
	keep(&at, &event->reply);
	keep(&at, &event->headers);
	keep(&at, &event->payload);
	keep(&at, &event->sid);
	keep(&at, &event->queue);
	keep(&at, &event->text);
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++) {
		keep(&at, &receivers[i].sid);
		keep(&at, &receivers[i].queue);
	}
}

static void number_clients(struct trace_node *node, const struct wire_event *event,
			   struct trace_clients *clients)
{
	const bool is_delivery = event->kind == WIRE_EVENT_DELIVERY;
	const bool is_unknown = is_delivery || event->flags & WIRE_EVENT_PUBLISHER_UNKNOWN;
	node->publisher = is_unknown ? TRACE_NO_CLIENT : trace_clients_number(clients, event->conn);
	if (is_delivery)
		node->receivers[0] = trace_clients_number(clients, event->conn);
	for (uint32_t i = 0; event->receivers && i < event->receivers_len; i++)
		node->receivers[i] = trace_clients_number(clients, event->receivers[i].conn);
}

struct trace_node *trace__node_open(const struct wire_event *event, struct trace_clients *clients)
{
	const uint32_t count = receivers_of(event), copied = event->receivers ? event->receivers_len : 0;
	const size_t delays = event->delays_ns ? copied * sizeof(int64_t) : 0;
	const size_t bytes = sizeof(struct trace_node) + delays + copied * sizeof(struct wire_receiver) +
			     count * sizeof(uint32_t) + text_bytes(event);
	struct trace_node *node = malloc(bytes);
	if (!node)
		return NULL;
	*node = (struct trace_node){
	    .event = *event, .bytes = bytes, .origin = wire_source_origin(clients->source)};
	int64_t *delays_ns = (int64_t *)(void *)(node + 1);
	struct wire_receiver *receivers = (void *)((char *)delays_ns + delays);
	node->receivers = (uint32_t *)(void *)(receivers + copied);
	if (delays > 0)
		memcpy(delays_ns, event->delays_ns, delays);
	if (copied > 0)
		memcpy(receivers, event->receivers, copied * sizeof *receivers);
	copy_texts(&node->event, receivers, (char *)(node->receivers + count));
	number_clients(node, event, clients);
	node->event.delays_ns = delays > 0 ? delays_ns : NULL;
	node->event.receivers = event->receivers ? receivers : NULL;
	node->event.subject_hint = node->event.receivers_hint = NULL;
	node->event.client = NULL;
	return node;
}

void trace__node_close(struct trace_node *node)
{
	for (struct trace_edge *edge = node->causes, *next; edge; edge = next) {
		next = edge->next;
		free(edge);
	}
	free(node->content_ids);
	free(node);
}

bool trace__node_was_delivered_to(const struct trace_node *node, uint32_t client)
{
	if (client == TRACE_NO_CLIENT)
		return false;
	if (node->event.kind == WIRE_EVENT_DELIVERY)
		return node->receivers[0] == client && node->event.outcome == WIRE_SENT;
	for (uint32_t i = 0; node->event.receivers && i < node->event.receivers_len; i++)
		if (node->receivers[i] == client && node->event.receivers[i].outcome == WIRE_SENT)
			return true;
	return false;
}

bool trace__node_is_nobodys_request(const struct trace_node *node)
{
	const struct wire_event *event = &node->event;
	return event->reply.len > 0 && wire_event_is_unheard(event);
}

int64_t trace__node_delivered_ns(const struct trace_node *node, uint32_t i)
{
	const int64_t *delays_ns = node->event.delays_ns;
	if (!delays_ns || delays_ns[i] == WIRE_DELAY_UNKNOWN)
		return node->event.steady_ns;
	return store_time_plus(node->event.steady_ns, delays_ns[i]);
}
