/* publish.h - publish a message: find its match, then deliver it, in one turn or in several. Inside this folder. */
#ifndef BROKER_PUBLISH_H
#define BROKER_PUBLISH_H

#include "broker/client.h"
#include "wire/parse.h"

/* Publish a PUB or HPUB. `end` is where the operation ends in the buffer that the slices of *op borrow. BROKER__AGAIN: the
 * message takes another turn; call again with the same operation. */
enum broker__progress broker__publish(struct broker_client *publisher, const struct wire_op *op,
				      const char *end);

/* Likewise when the match (NULL: there is no memory for one) was found already. */
enum broker__progress broker__publish_to(struct broker_client *publisher, struct broker__match *match,
					 const struct wire_op *op, const char *end);

/* Likewise with a look-up in the cache. hash: the sublist's hash of the subject. */
enum broker__progress broker__publish_hashed(struct broker_client *publisher, const struct wire_op *op,
					     const char *end, uint64_t hash);

#endif
