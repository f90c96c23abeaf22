/* large.h - a message that takes more than one turn: so many subscriptions match its subject, or it goes to so many
 * receivers, that its publisher would hold the loop for too long. Inside this folder.
 *
 *	        ┌──────────────▼
 *	MATCHING ─▶ DELIVERING ─▶ ANSWERING      the last only when nobody got a request
 *
 * One such message is under way at a time per loop; publishers of others wait for theirs. That bounds the memory, and
 * only one walk over the subscriptions can be overtaken by changes. While it is under way, subscriptions that end are not
 * freed: its route may point to them. Its event is emitted when it has reached everybody. */
#ifndef BROKER_LARGE_H
#define BROKER_LARGE_H

#include "broker/deliver.h"

/* The message under way is of this client. */
static inline bool broker__large_is_of(const struct broker__loop *loop, const struct broker_client *client)
{
	return loop->large.publisher == client;
}

/* The route of its message could not be worked out in a turn (loop->making is not done with it). */
enum broker__progress broker__large_match(struct broker_client *publisher);

/* Its message goes along a route of its cache that takes more than a turn. */
enum broker__progress broker__large_deliver(struct broker_client *publisher, struct broker__route *route,
					    const struct wire_op *op, const char *end);

/* Nobody got its request: find the subscription through which to tell it. */
enum broker__progress broker__large_answer(struct broker_client *publisher, struct wire_slice reply);

/* The next turn of a client whose message is under way, or who is owed an answer. */
enum broker__progress broker__large_go_on(struct broker_client *publisher, const struct wire_op *op,
					  const char *end);

/* A copy of what the route says of its first `len` receivers, with room for all; it lives until the message is done.
 * NULL when out of memory. */
struct wire_receiver *broker__large_describe(const struct broker__route *route, size_t len);

/* The client is to be put away. False: some receivers got its message, and the others get it first. */
bool broker__large_let_go(struct broker_client *client);

void broker__large_fini(struct broker__loop *loop);

#endif
