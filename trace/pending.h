/* pending.h - a request while its replies are awaited: who asked, who got it, who answered when.
 *
 * Of a request and its first reply there are four times, of which a source knows two to four:
 *
 *   requester       bus          responder
 *   publishes  ────────────▶  gets it              delivery time of the request, where known
 *                             │ service
 *   gets it    ◀────────────  publishes            delivery time of the reply, where known
 *
 * The latency ends when the requester gets the reply where that is known, else when the reply is published. The responder's
 * own part is from its getting the request to its publishing the reply, the bus's part is the rest; each is known only with
 * the delivery times that it needs.
 *
 * A source that sees only a delivery of the request (a capture beside another server of a cluster) does not know when it was
 * published: its latency is unknown, its service part is known. */
#ifndef TRACE_PENDING_H
#define TRACE_PENDING_H

#include "trace/clients.h"
#include "trace/latency_rows.h"
#include "trace/requests.h"

enum { TRACE_PENDING_RECEIVERS = 2, TRACE_PENDING_RESPONDERS = 4 };

struct trace_pending {
	uint64_t seq, requester_conn;
	int64_t time_ns;
	/* Since it was published, or TRACE_LATENCY_UNKNOWN. */
	int64_t first_ns, last_ns;
	int64_t service_ns, bus_ns;
	/* Who got it: clients by number, when after it was published. */
	struct trace_pending_receiver {
		uint32_t client, service;
		int64_t delivered_ns; /* or TRACE_LATENCY_UNKNOWN */
	} receivers[TRACE_PENDING_RECEIVERS];
	uint32_t origin, subject, requester;
	uint32_t responder;                            /* the service of the first reply */
	uint32_t responders[TRACE_PENDING_RESPONDERS]; /* clients by number, TRACE_NO_CLIENT: unknown */
	uint32_t gaps;                                 /* how many came before it */
	uint8_t receivers_len, responders_len;
	bool has_more_responders; /* than fit the list */
	bool is_nobodys;          /* it is known that nobody was subscribed */
	bool is_undelivered;      /* it is known that every receiver lost it */
	bool is_seen_delivered;   /* its publishing was not seen, only its delivery */
	bool is_in_gap;           /* something is missing where it was published */
	bool
	    is_ambiguous; /* an earlier request with the same reply subject had no reply: whose the reply is, is unknown */
	bool is_answer_delivered; /* of its replies so far only deliveries were seen */
};

/* A request as it was published or, when the event is a delivery, seen on its way to a receiver. `clients` names who. */
void trace_pending_init(struct trace_pending *pending, const struct wire_event *event,
			struct trace_clients *clients);

/* A delivery of the request to one receiver was seen, after ns. */
void trace_pending_receive(struct trace_pending *pending, struct trace_clients *clients, uint64_t conn,
			   int64_t ns);

/* A reply was published, or seen delivered, ns after the request. True when its responder has not answered before; its service is in
 * *responder then. */
bool trace_pending_answer(struct trace_pending *pending, const struct wire_event *reply, int64_t ns,
			  struct trace_clients *clients, uint32_t *responder);

/* A reply whose publishing was counted was delivered ns after the request. */
void trace_pending_deliver(struct trace_pending *pending, const struct wire_event *delivery, int64_t ns);

#endif
