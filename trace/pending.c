#include "trace/pending.h"

#include "wire/conn.h"

#include "store/read/steps.h"

static int64_t delay_of(const struct wire_event *event, uint32_t receiver)
{
	if (!event->delays_ns || event->delays_ns[receiver] == WIRE_DELAY_UNKNOWN)
		return TRACE_LATENCY_UNKNOWN;
	return event->delays_ns[receiver];
}

static int64_t plus(int64_t a_ns, int64_t b_ns)
{
	return a_ns == TRACE_LATENCY_UNKNOWN || b_ns == TRACE_LATENCY_UNKNOWN ? TRACE_LATENCY_UNKNOWN
									      : store_time_plus(a_ns, b_ns);
}

static int64_t minus(int64_t a_ns, int64_t b_ns)
{
	return a_ns == TRACE_LATENCY_UNKNOWN || b_ns == TRACE_LATENCY_UNKNOWN ? TRACE_LATENCY_UNKNOWN
									      : store_time_minus(a_ns, b_ns);
}

/* ---- the request ---- */

static struct trace_pending_receiver *find_receiver(struct trace_pending *pending, uint32_t client)
{
	for (uint8_t i = 0; i < pending->receivers_len; i++)
		if (client != TRACE_NO_CLIENT && pending->receivers[i].client == client)
			return &pending->receivers[i];
	return NULL;
}

static void add_receiver(struct trace_pending *pending, struct trace_clients *clients, uint64_t conn,
			 int64_t delivered_ns)
{
	if (pending->receivers_len == TRACE_PENDING_RECEIVERS)
		return;
	pending->receivers[pending->receivers_len++] =
	    (struct trace_pending_receiver){.client = trace_clients_number(clients, conn),
					    .service = trace_clients_service(clients, conn),
					    .delivered_ns = delivered_ns};
}

void trace_pending_receive(struct trace_pending *pending, struct trace_clients *clients, uint64_t conn,
			   int64_t ns)
{
	struct trace_pending_receiver *known = find_receiver(pending, trace_clients_number(clients, conn));
	if (!known)
		add_receiver(pending, clients, conn, ns);
	else if (known->delivered_ns == TRACE_LATENCY_UNKNOWN)
		known->delivered_ns = ns;
	pending->is_nobodys = pending->is_undelivered = false;
}

static void add_receivers(struct trace_pending *pending, struct trace_clients *clients,
			  const struct wire_event *event)
{
	for (uint32_t i = 0; i < event->receivers_len; i++)
		if (event->receivers[i].outcome == WIRE_SENT)
			add_receiver(pending, clients, event->receivers[i].conn, delay_of(event, i));
	if (event->flags & WIRE_EVENT_RECEIVERS_UNKNOWN || event->receiver_count > 0)
		return;
	pending->is_nobodys = event->receivers_len == 0;
	pending->is_undelivered = event->receivers_len > 0;
}

void trace_pending_init(struct trace_pending *pending, const struct wire_event *event,
			struct trace_clients *clients)
{
	bool is_delivery = event->kind == WIRE_EVENT_DELIVERY;
	uint64_t requester = is_delivery ? 0 : event->conn;
	*pending = (struct trace_pending){.seq = event->seq,
					  .requester_conn = requester,
					  .time_ns = event->time_ns,
					  .first_ns = TRACE_LATENCY_UNKNOWN,
					  .last_ns = TRACE_LATENCY_UNKNOWN,
					  .service_ns = TRACE_LATENCY_UNKNOWN,
					  .bus_ns = TRACE_LATENCY_UNKNOWN,
					  .origin = wire_source_origin(clients->source),
					  .requester = trace_clients_service(clients, requester),
					  .is_seen_delivered = is_delivery};
	if (is_delivery)
		add_receiver(pending, clients, event->conn, 0);
	else
		add_receivers(pending, clients, event);
}

/* ---- its replies ---- */

/* conn: of an event of this input. */
static bool is_requester(const struct trace_pending *pending, uint64_t conn, uint32_t origin)
{
	return wire_conn_number(conn) == pending->requester_conn &&
	       wire_conn_input(conn, origin) == pending->origin;
}

/* How long after its publishing the requester got a reply, or TRACE_LATENCY_UNKNOWN. */
static int64_t delivery_of(const struct trace_pending *pending, const struct wire_event *reply,
			   uint32_t origin)
{
	for (uint32_t i = 0; i < reply->receivers_len && reply->delays_ns; i++)
		if (is_requester(pending, reply->receivers[i].conn, origin) ||
		    (pending->requester_conn == 0 && reply->receivers_len == 1))
			return delay_of(reply, i);
	return TRACE_LATENCY_UNKNOWN;
}

/* False when the responder has answered before, as far as it is known who it is. */
static bool add_responder(struct trace_pending *pending, uint32_t client)
{
	for (uint8_t i = 0; i < pending->responders_len; i++)
		if (pending->responders[i] == client)
			return false;
	if (pending->responders_len == TRACE_PENDING_RESPONDERS) {
		pending->has_more_responders = true;
		return false;
	}
	pending->responders[pending->responders_len++] = client;
	return true;
}

/* The first reply: how long its responder and the bus took. published_ns and got_ns are since the request. */
static void split(struct trace_pending *pending, uint32_t client, int64_t published_ns, int64_t got_ns)
{
	const struct trace_pending_receiver *receiver = find_receiver(pending, client);
	int64_t received_ns = receiver ? receiver->delivered_ns : TRACE_LATENCY_UNKNOWN;
	pending->service_ns = minus(published_ns, received_ns);
	pending->bus_ns = pending->is_seen_delivered ? TRACE_LATENCY_UNKNOWN
						     : plus(received_ns, minus(got_ns, published_ns));
}

/* The publishing of a reply of which only the delivery was seen so far: it is known now who answered. */
static void replace_first(struct trace_pending *pending)
{
	pending->is_answer_delivered = false;
	pending->responders_len = 0;
	pending->first_ns = TRACE_LATENCY_UNKNOWN;
}

bool trace_pending_answer(struct trace_pending *pending, const struct wire_event *reply, int64_t ns,
			  struct trace_clients *clients, uint32_t *responder)
{
	bool is_delivery = reply->kind == WIRE_EVENT_DELIVERY;
	if (pending->is_answer_delivered && !is_delivery)
		replace_first(pending);
	bool is_first = pending->responders_len == 0;
	uint32_t client = is_delivery ? TRACE_NO_CLIENT : trace_clients_number(clients, reply->conn);
	int64_t got_ns =
	    is_delivery ? ns : plus(ns, delivery_of(pending, reply, wire_source_origin(clients->source)));
	int64_t latency_ns = got_ns == TRACE_LATENCY_UNKNOWN ? ns : got_ns;
	bool is_new = add_responder(pending, client);
	*responder = is_delivery ? TRACE_SERVICE_UNKNOWN : trace_clients_service(clients, reply->conn);
	if (is_first) {
		pending->is_answer_delivered = is_delivery;
		pending->responder = *responder;
		split(pending, client, is_delivery ? TRACE_LATENCY_UNKNOWN : ns, got_ns);
	}
	if (pending->is_seen_delivered)
		return is_new;
	if (is_first)
		pending->first_ns = latency_ns;
	pending->last_ns = latency_ns;
	return is_new;
}

void trace_pending_deliver(struct trace_pending *pending, const struct wire_event *delivery, int64_t ns)
{
	if (delivery->conn != pending->requester_conn || pending->is_seen_delivered ||
	    pending->bus_ns != TRACE_LATENCY_UNKNOWN || pending->first_ns != pending->last_ns)
		return;
	const struct trace_pending_receiver *receiver = find_receiver(pending, pending->responders[0]);
	int64_t published_ns = pending->first_ns;
	pending->first_ns = pending->last_ns = ns;
	pending->bus_ns =
	    plus(receiver ? receiver->delivered_ns : TRACE_LATENCY_UNKNOWN, minus(ns, published_ns));
}
