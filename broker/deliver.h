/* deliver.h - a message on its way from a publisher to everyone concerned, inside this folder. */
#ifndef BROKER_DELIVER_H
#define BROKER_DELIVER_H

#include "broker/server.h"
#include "wire/batch.h"

/* Route and deliver PUB or HPUB, count it, and emit its event. `end` is where the operation ends in the buffer the
 * slices of *op borrow. BROKER__AGAIN: it goes on when it is called again with the same operation. */
enum broker__progress broker__deliver(struct broker_client *publisher, const struct wire_op *op,
				      const char *end);

/* Likewise along the route of its subject; NULL: there is no memory for one. */
enum broker__progress broker__deliver_by(struct broker_client *publisher, struct broker__route *route,
					 const struct wire_op *op, const char *end);

/* Likewise the messages that follow *first and are like it: the whole run to one receiver after the other, so that what
 * a receiver needs is at hand for all of them. Every receiver, and the sink, gets them in order. Returns how many were
 * delivered: the turn may be over before all were. */
uint32_t broker__deliver_batch(struct broker_client *publisher, const struct wire_op *first,
			       const struct wire_batch *batch);

/* broker__deliver_by in parts (large.c). Count a message that begins, answer +OK or refuse it: false when it goes to
 * nobody. */
bool broker__deliver_begin(struct broker_client *publisher, const struct broker__route *route,
			   const struct wire_op *op);
/* Deliver to those before `until`, of receivers and then queue groups. */
void broker__deliver_until(struct broker__loop *loop, struct broker__route *route,
			   struct broker__parcel *parcel, struct broker__fanout *fanout, uint32_t until);
/* Emit the event. False: the publisher is to be told that nobody got its request. */
bool broker__deliver_end(struct broker_client *publisher, struct broker__route *route,
			 const struct wire_op *op, const struct broker__fanout *fanout, bool is_allowed);
/* Tell it, on a plain subscription of its own. */
void broker__answer_no_responders(struct broker_client *publisher, struct wire_slice reply,
				  const struct broker__sub *sub);

/* For both: the receiver's chunk is full or it is near its limit. Relieve the pressure, then append piece by piece. */
enum wire_outcome broker__put_slowly(struct broker_client *to, struct wire_slice head, struct wire_slice run);

/* Scratch for the receivers of a message for whom the outcome is not the usual one: a copy of the usual first `len`,
 * valid until the next call. NULL when out of memory. */
struct wire_receiver *broker__describe(struct broker__loop *loop, const struct broker__route *route,
				       size_t len);

#endif
