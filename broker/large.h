/* large.h - a message that takes more than one turn: so many subscriptions match its subject, or it goes to so many
 * receivers, that its publisher would hold the loop for too long. Inside this folder.
 *
 *	        ┌──────────────▼
 *	MATCHING ─▶ DELIVERING ─▶ ANSWERING      the last only when nobody got a request
 *
 * One such message is in progress at a time per loop; the publishers of others wait. That bounds the memory, and only one
 * cursor over the subscriptions can be overtaken by changes. Meanwhile, ended subscriptions are not freed: the match may
 * point to them. The event is emitted when the message has reached everybody. */
#ifndef BROKER_LARGE_H
#define BROKER_LARGE_H

#include "broker/client.h"
#include "broker/server.h"
#include "wire/parse.h"

/* The message in progress is of this client. */
static inline bool broker__large_is_of(const struct broker__loop *loop, const struct broker_client *client)
{
	return loop->large.publisher == client;
}

/* The match of the client's message could not be worked out in a turn: loop->builder is not done with it. */
enum broker__progress broker__large_match(struct broker_client *publisher);

/* The client's message goes along a match of its cache that takes more than a turn. */
enum broker__progress broker__large_deliver(struct broker_client *publisher, struct broker__match *match,
					    const struct wire_op *op, const char *end);

/* Nobody got the client's request: find the subscription through which to answer it. */
enum broker__progress broker__large_answer(struct broker_client *publisher, struct wire_slice reply);

/* The next turn of a client whose message is in progress, or that is owed an answer. */
enum broker__progress broker__large_continue(struct broker_client *publisher, const struct wire_op *op,
					     const char *end);

/* The client is to be torn down. False: some receivers got its message, and the others must get it first. */
bool broker__large_let_go(struct broker_client *client);

void broker__large_fini(struct broker__loop *loop);

#endif
