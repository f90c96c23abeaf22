/* join.h - from operations to events: one publish and its deliveries become one message with its receivers.
 *
 * A message is what a client published (PUB, HPUB); what a server sent (MSG, HMSG) is a delivery. A delivery joins the
 * oldest message of the same server with the same subject, reply, headers and payload that its subscription has not
 * received yet; headers may be missing, for servers strip them for clients that do not support them. So repetitions of one
 * content are told apart by their order, which servers keep for each publisher and subscription.
 *
 * Everything leaves in order of time. A message waits for its deliveries for a window of capture time, and so does a
 * delivery for its message, which is seen later where packets of different connections changed places in the capture. What
 * then is still alone leaves as what it is: a message with the receivers it has, a delivery that refers to no message.
 * When half of the budget is in use, what waits leaves early.
 *
 * An event's time is that of the packet that made it whole, for that is when a reader has it, as in the broker; where
 * packets come in disorder, time stands still rather than going back. All times are steady (tap/clock.h): a clock that was
 * set is not seen here. */
#ifndef TAP_JOIN_H
#define TAP_JOIN_H

#include "tap/subs.h"
#include "wire/event.h"
#include "wire/parse.h"

enum { TAP_JOIN_WINDOW_NS = 50 * 1000 * 1000 };

struct tap_join_stats {
	uint64_t messages, message_bytes;      /* published: whole and partial ones; payload and headers */
	uint64_t deliveries, apart_deliveries; /* all; those that joined no message */
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
	uint64_t size;   /* of the payload */
	bool is_partial; /* joins nothing */
};

void tap_join_publish(struct tap_join *join, uint64_t conn, const struct tap_join_message *message);
void tap_join_deliver(struct tap_join *join, struct tap__sub *sub, const struct tap_join_message *message);

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
