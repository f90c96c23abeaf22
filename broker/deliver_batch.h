/* deliver_batch.h - deliver many messages to one subject at once. Inside this folder. */
#ifndef BROKER_DELIVER_RUN_H
#define BROKER_DELIVER_RUN_H

#include "broker/client.h"
#include "wire/batch.h"

/* Deliver the messages that follow *first and are like it, all of them to one receiver after the other, so that what a
 * receiver needs is at hand for all of them. Every receiver, and the sink, gets them in order. Returns how many were
 * delivered: the turn may end before all are; publisher->is_begun says whether in the middle of the next one. */
uint32_t broker__deliver_batch(struct broker_client *publisher, const struct wire_op *first,
			       const struct wire_batch *batch);

#endif
