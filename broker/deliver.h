/* deliver.h - a message on its way from a publisher to everyone concerned, inside this folder. */
#ifndef BROKER_DELIVER_H
#define BROKER_DELIVER_H

#include "broker/server.h"
#include "wire/run.h"

/* Route and deliver PUB or HPUB, count it, and emit its event. `end` is where the operation ends in the buffer the
 * slices of *op borrow. */
void broker__deliver(struct broker_client *publisher, const struct wire_op *op, const char *end);

/* Likewise along the route of its subject; NULL: there is no memory for one. */
void broker__deliver_by(struct broker_client *publisher, struct broker__route *route,
			const struct wire_op *op, const char *end);

/* Likewise the messages that follow *first and are like it: the whole run to one receiver after the other, so that what
 * a receiver needs is at hand for all of them. Every receiver, and the sink, gets them in order. */
void broker__deliver_run(struct broker_client *publisher, const struct wire_op *first,
			 const struct wire_run *run);

/* For both: the receiver's chunk is full or it is near its limit. Relieve the pressure, then append piece by piece. */
enum wire_outcome broker__put_slowly(struct broker_client *to, struct wire_slice head, struct wire_slice run);

/* Scratch for the receivers of a message for whom the outcome is not the usual one: a copy of the usual first `len`,
 * valid until the next call. NULL when out of memory. */
struct wire_receiver *broker__describe(struct broker__loop *loop, const struct broker__route *route,
				       size_t len);

#endif
