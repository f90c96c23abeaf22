/* deliver.h - a message on its way from a publisher to everyone concerned, inside this folder. */
#ifndef BROKER_DELIVER_H
#define BROKER_DELIVER_H

#include "broker/server.h"

/* Route and deliver PUB or HPUB, count it, and emit its event. `end` is where the operation ends in the buffer the
 * slices of *op borrow. */
void broker__deliver(struct broker_client *publisher, const struct wire_op *op, const char *end);

#endif
