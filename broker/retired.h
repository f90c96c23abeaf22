/* retired.h - subscriptions that ended. No one finds them any more, but a message that takes more than one turn
 * (large.h) may still point to those that ended while it is under way. Inside this folder. */
#ifndef BROKER_RETIRED_H
#define BROKER_RETIRED_H

#include <stdbool.h>
#include <stdint.h>

struct broker__sub;

/* Two lists, linked by the subscriptions' `next`. */
struct broker__retired {
	struct broker__sub *first, *last; /* may be pointed to */
	struct broker__sub *unused;       /* no one points to these */
};

/* Takes ownership of sub, which is in no list of the subscriptions' trie. */
void broker__retired_add(struct broker__retired *retired, struct broker__sub *sub);
/* No one points to any of those added so far. */
void broker__retired_release(struct broker__retired *retired);
/* Free up to `most` that no one points to. True when none of these is left. */
bool broker__retired_free(struct broker__retired *retired, uint32_t most);

#endif
