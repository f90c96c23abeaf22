/* closed.h - what monitoring remembers of clients that have gone, inside this folder: the last ones, in a ring. */
#ifndef BROKER_CLOSED_H
#define BROKER_CLOSED_H

#include "broker/inspect.h"

struct broker__closed {
	struct broker_client_info **ring; /* by number modulo cap; with their strings; NULL: none yet */
	uint32_t cap;
	uint64_t total; /* ever remembered: numbers run from 0 */
};

/* 0 or -ENOMEM; afterwards the last `cap` of those remembered are still known. */
int broker__closed_resize(struct broker__closed *closed, uint32_t cap);
void broker__closed_fini(struct broker__closed *closed);

/* Copies all of *info. Without memory the client is not remembered. */
void broker__closed_add(struct broker__closed *closed, const struct broker_client_info *info);

/* The lowest number that is still known: total when none is. */
uint64_t broker__closed_first(const struct broker__closed *closed);
/* NULL when it is forgotten. Valid until the next one is added. */
const struct broker_client_info *broker__closed_at(const struct broker__closed *closed, uint64_t number);

#endif
