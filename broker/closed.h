/* closed.h - the last clients that have gone, in a ring, for monitoring. Inside this folder. */
#ifndef BROKER_CLOSED_H
#define BROKER_CLOSED_H

#include "broker/inspect.h"

struct broker__closed {
	struct broker_client_info **ring; /* by number modulo cap, each with its strings; NULL: none yet */
	uint32_t cap;
	uint64_t total; /* ever remembered: numbers run from 0 */
};

/* Keep the last `cap` clients. 0 or -ENOMEM. */
int broker__closed_resize(struct broker__closed *closed, uint32_t cap);
void broker__closed_fini(struct broker__closed *closed);

/* Copy *info. Without memory the client is not remembered. */
void broker__closed_add(struct broker__closed *closed, const struct broker_client_info *info);

/* The lowest number that is still remembered; total when there is none. */
uint64_t broker__closed_first(const struct broker__closed *closed);
/* NULL when that client is forgotten. Valid until the next one is added. */
const struct broker_client_info *broker__closed_at(const struct broker__closed *closed, uint64_t number);

#endif
