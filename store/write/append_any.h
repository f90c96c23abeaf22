/* append_any.h - append an event that is not a plain message: look up its subject and receivers, store its details.
 * Internal to store. */
#ifndef STORE_WRITE_APPEND_ANY_H
#define STORE_WRITE_APPEND_ANY_H

#include "store/write/batch.h"

/* As store_batch_append, for any event. */
int store__batch_append_any(struct store_batch *batch, const struct wire_event *event);

#endif
