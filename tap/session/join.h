/* join.h - from operations to events: one publish and its deliveries become one message with its receivers.
 *
 * A message is what a client published (PUB, HPUB); what a server sent (MSG, HMSG) is a delivery. A delivery joins a
 * message of the same server with the same subject, reply, headers and payload; headers may be missing, for servers strip
 * them for clients that do not support them. Which of several is decided by time and order (tap/session/evidence.h,
 * tap/session/search.h). A delivery for which that decides nothing joins no message.
 *
 * Everything leaves in order of time. A message waits for its deliveries for a window of capture time, and so does a
 * delivery for its message, which is decoded later where bytes before it were missed. Nothing is joined beyond the
 * window. What then is still alone leaves as what it is: a message with the receivers it has, a delivery that refers to no
 * message. When half of the budget is in use, what waits leaves early.
 *
 * A message that may have other receivers than the listed ones is flagged WIRE_EVENT_RECEIVERS_UNKNOWN: a subscription
 * at its server may not have been seen, one that must have received it did not in the window, or a delivery could not be
 * decided.
 *
 * An event's time is that of the packet that made it whole, for that is when a reader has it, as in the broker; where
 * packets come in disorder, time stands still rather than going back. All times are steady (tap/capture/clock.h): a clock that was
 * set is not seen here. */
#ifndef TAP_SESSION_JOIN_H
#define TAP_SESSION_JOIN_H

#include "tap/session/servers.h"
#include "tap/session/subs.h"
#include "wire/event.h"
#include "wire/parse.h"

enum {
	TAP_JOIN_WINDOW_NS = 50 * 1000 * 1000,
	TAP_JOIN_SERVERS = TAP__SERVERS_MAX + 1, /* server numbers are below */
};

struct tap_join_stats {
	uint64_t messages, message_bytes;      /* published: whole and partial ones; payload and headers */
	uint64_t deliveries, apart_deliveries; /* all; those that joined no message */
	uint64_t undecided;                    /* of the latter: may be of one of several messages */
	uint64_t unknown_receivers;            /* messages that may have receivers which are not listed */
	uint64_t partial;                      /* messages and deliveries */
	uint64_t hurried;                      /* left before their window was over, for want of memory */
	uint64_t lost;                         /* could not be kept at all, for want of memory: a gap tells */
};

struct tap_join;

/* NULL when out of memory. budget is borrowed for its life. */
struct tap_join *tap_join_open(int64_t window_ns, struct tap_budget *budget);
void tap_join_close(struct tap_join *join);

/* A message or delivery as it was sent. A partial one has the payload that was seen, and the announced size. */
struct tap_join_message {
	int64_t time_ns;
	uint32_t server; /* deliveries join messages of the same one */
	const struct wire_op *op;
	uint64_t subject_hash; /* tap__subject_hash */
	uint64_t size;         /* of the payload */
	bool is_partial;       /* joins nothing */
};

/* client->said counts this message already. */
void tap_join_publish(struct tap_join *join, struct tap__client *client,
		      const struct tap_join_message *message);
void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message);

/* The client waits for an answer of the server since since_ns; INT64_MAX = it does not, or its connection has ended. */
void tap_join_await(struct tap_join *join, struct tap__client *client, uint32_t server, int64_t since_ns);

/* A SUB or an UNSUB was seen. */
void tap_join_change(struct tap_join *join, int64_t time_ns);

/* From now on messages may reach the subscription, until tap_join_unsubscribe. Its times and places may change. False
 * when there is no memory. */
bool tap_join_subscribe(struct tap_join *join, struct tap__sub *sub);

/* The subscription has certainly ended. */
void tap_join_unsubscribe(struct tap_join *join, struct tap__sub *sub);

/* A server may have, or have had until until_ns, subscriptions that were not seen; INT64_MAX = it has. Until it is
 * called for a server, all its subscriptions are known. Server 0 is always blind. */
void tap_join_set_blind(struct tap_join *join, uint32_t server, int64_t until_ns);

/* Any other event; its slices are copied. Its time may be changed as described above. */
void tap_join_event(struct tap_join *join, const struct wire_event *event);

/* It is so late: what waited long enough may leave. Times of events do not depend on it. */
void tap_join_tick(struct tap_join *join, int64_t now_ns);

/* Nothing more will come: everything may leave. */
void tap_join_finish(struct tap_join *join);

/* The next event that may leave, in order of time. True with *event, valid until the next call for this join. */
bool tap_join_next(struct tap_join *join, struct wire_event *event);

const struct tap_join_stats *tap_join_stats(const struct tap_join *join);

#endif
