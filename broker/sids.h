/* sids.h - the subscriptions of one client by sid, inside this folder. */
#ifndef BROKER_SIDS_H
#define BROKER_SIDS_H

#include "broker/client.h"

/* NULL when there is none. */
struct broker__sub *broker__sids_find(const struct broker__sids *sids, struct wire_slice sid, uint64_t seed);
/* 0 or -ENOMEM. The sid must not be in use. */
int broker__sids_add(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed);
void broker__sids_remove(struct broker__sids *sids, struct broker__sub *sub, uint64_t seed);
/* Call `each` for every subscription until it returns false. */
void broker__sids_each(const struct broker__sids *sids, bool (*each)(void *context, struct broker__sub *sub),
		       void *context);
/* Take any subscription out; NULL when the table is empty. Nothing else may be done with the table afterwards, except
 * more of this and _fini. */
struct broker__sub *broker__sids_pop(struct broker__sids *sids);
void broker__sids_fini(struct broker__sids *sids);

#endif
