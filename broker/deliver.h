/* deliver.h - hand one message to everyone its subject matches: receivers, output, event. Inside this folder. */
#ifndef BROKER_DELIVER_H
#define BROKER_DELIVER_H

#include "broker/client.h"
#include "broker/server.h"

/* Deliver a PUB or HPUB along its match (NULL: there was no memory for one), count it and emit its event. `end` is where
 * the operation ends in the buffer that the slices of *op borrow. False: nobody got the request, and its publisher is to
 * be answered. */
bool broker__deliver(struct broker_client *publisher, struct broker__match *match, const struct wire_op *op,
		     const char *end);

/* The same in parts, for messages that take more than one turn (large.c). Begin: count the message, answer +OK or refuse
 * it; false when nobody may get it. */
bool broker__deliver_begin(struct broker_client *publisher, const struct broker__match *match,
			   const struct wire_op *op);
/* Deliver to those before `until`, of receivers and then queue groups. */
void broker__deliver_until(struct broker__loop *loop, struct broker__match *match,
			   struct broker__outgoing *outgoing, struct broker__fanout *fanout, uint32_t until);
/* Emit the event; the result as above. */
bool broker__deliver_end(struct broker_client *publisher, struct broker__match *match,
			 const struct wire_op *op, const struct broker__fanout *fanout, bool is_allowed);

/* Answer a request that nobody got, through a plain subscription of the publisher. */
void broker__answer_no_responders(struct broker_client *publisher, struct wire_slice reply,
				  const struct broker__sub *sub);

/* The receiver's chunk is full or it is near its limit: relieve the pressure, then append piece by piece. */
enum wire_outcome broker__deliver_slowly(struct broker_client *to, struct wire_slice head,
					 struct wire_slice rest);

/* Scratch for the receivers of a message with an unusual outcome: a copy of the first `len` as they usually are, valid
 * until the next call. NULL when out of memory. */
struct wire_receiver *broker__describe(struct broker__loop *loop, const struct broker__match *match,
				       size_t len);

static inline void broker__fanout_init(struct broker__fanout *fanout, const struct broker__match *match)
{
	*fanout = (struct broker__fanout){.described_len = match->receivers_len,
					  .described = match->described,
					  .hint = &match->hints->receivers};
}

/* The work of delivering `bytes` along a match. */
static inline int64_t broker__deliver_units(const struct broker__match *match, size_t bytes)
{
	return (int64_t)(match->receivers_len + match->queue_groups_len) *
	       (int64_t)(BROKER__DELIVERY_UNITS + bytes / BROKER__BYTES_A_UNIT);
}

#endif
