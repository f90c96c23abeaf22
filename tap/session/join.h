/* join.h - join one publish and its deliveries to one message with its receivers.
 *
 * A message is what a client publishes (PUB, HPUB); what a server sends (MSG, HMSG) is a delivery. A delivery
 * joins a message of the same server with the same subject, reply, headers and payload. Headers may be missing,
 * because servers strip them for clients that do not support them. When several messages fit, time and order
 * decide (tap/session/evidence.h, tap/session/search.h). A delivery that they do not decide joins no message.
 *
 * Events leave in order of time. A message waits for its deliveries for the join window, in capture time. So
 * does a delivery for its message, which may be decoded later because bytes before it were missed. Nothing is
 * joined after the window: a message leaves with the receivers it has, and a delivery without a message leaves
 * as a delivery event. When half of the budget is in use, events leave earlier. In a proxy messages leave as soon as
 * they are complete (tap_join_expect_relay).
 *
 * A message that may have unlisted receivers is flagged WIRE_EVENT_RECEIVERS_UNKNOWN: when a subscription at
 * its server may not have been seen, when a subscription that must have received it did not within the window,
 * or when a delivery could not be decided.
 *
 * The time of an event is that of the packet that completed it, because that is when a reader has it. When
 * packets are out of order, time stands still instead of going back. All times are steady
 * (tap/capture/clock.h). */
#ifndef TAP_SESSION_JOIN_H
#define TAP_SESSION_JOIN_H

#include "tap/session/servers.h"
#include "tap/session/sub_table.h"
#include "wire/event.h"
#include "wire/parse.h"

enum {
	TAP_JOIN_WINDOW_NS = 50 * 1000 * 1000,
	TAP_JOIN_SERVERS = TAP__SERVERS_MAX + 1, /* server numbers are less */
};

struct tap_join_stats {
	uint64_t messages, message_bytes; /* published messages, whole or partial; payload and headers */
	uint64_t deliveries, unjoined_deliveries; /* all; those that joined no message */
	uint64_t undecided;         /* of the latter: those that may belong to one of several messages */
	uint64_t unknown_receivers; /* messages that may have unlisted receivers */
	uint64_t partial;           /* messages and deliveries */
	uint64_t released_early;    /* left before their window was over, for lack of memory */
	uint64_t lost; /* could not be kept at all, for lack of memory; a gap event reports them */
};

struct tap_join;

/* Borrows the budget until close. NULL when out of memory. */
struct tap_join *tap_join_open(int64_t window_ns, struct tap_budget *budget);
void tap_join_close(struct tap_join *join);

/* A message or delivery as it was sent. A partial one has the payload that was seen and the announced size. */
struct tap_join_message {
	int64_t time_ns;
	uint32_t server; /* deliveries join messages of the same server */
	const struct wire_op *op;
	uint64_t size;   /* of the whole payload */
	bool is_partial; /* such a message takes no deliveries */
};

/* client->op_number must already count this message. */
void tap_join_publish(struct tap_join *join, struct tap__client *client,
		      const struct tap_join_message *message);
void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message);

/* At now_ns, the client has waited for an answer of the server since since_ns; INT64_MAX = it does not wait, or
 * its connection has ended. */
void tap_join_await(struct tap_join *join, struct tap__client *client, uint32_t server, int64_t since_ns,
		    int64_t now_ns);

/* A SUB or an UNSUB was seen at time_ns. */
void tap_join_change(struct tap_join *join, int64_t time_ns);

/* Messages may reach the subscription from now on, until tap_join_unsubscribe. Its times and numbers may still
 * change. False when there is no memory. */
bool tap_join_subscribe(struct tap_join *join, struct tap__sub *sub);

/* The subscription has certainly ended. */
void tap_join_unsubscribe(struct tap_join *join, struct tap__sub *sub);

/* A server has subscriptions that were not seen, or had some until until_ns; INT64_MAX = it still has. Until
 * this is called for a server all its subscriptions are known. Server 0 always has unseen ones. */
void tap_join_set_unseen_subs(struct tap_join *join, uint32_t server, int64_t until_ns);

/* No server's subscriptions are ever all known: as if each had unseen ones for ever, of connections that are never
 * seen. */
void tap_join_assume_unseen_subs(struct tap_join *join);

/* The source relays what it shows, as a proxy does: it shows a message before the server can deliver it, and all
 * that is delivered on the connections that it shows. Then no delivery waits for its message, and a message leaves as
 * soon as it can have no more receivers. */
void tap_join_expect_relay(struct tap_join *join);

/* Does a relay's server deliver later and later, because it has more work than it can do? What is sent to it then only
 * waits in its input. Clients that do not take what is sent to them are left out. */
bool tap_join_is_behind(const struct tap_join *join, uint32_t server, int64_t now_ns);

/* Add any other event. Its slices are copied. Its time may be raised as described above. */
void tap_join_event(struct tap_join *join, const struct wire_event *event);

/* Advance the capture clock to now_ns. Entries older than the join window may leave. The times of events are
 * not affected. */
void tap_join_tick(struct tap_join *join, int64_t now_ns);

const struct tap_join_stats *tap_join_stats(const struct tap_join *join);

#endif
