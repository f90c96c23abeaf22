/* messages.h - events as operations of the protocol: PUB and HPUB by publishers, MSG and HMSG to receivers, SUB, UNSUB, -ERR.
 * Internal to export/pcapng. */
#ifndef EXPORT_PCAPNG_MESSAGES_H
#define EXPORT_PCAPNG_MESSAGES_H

#include "export/pcapng/state.h"

/* A message, published and delivered; or a delivery that was seen apart from its message. 0 or -ENOMEM. */
int export__messages_put(const struct export__context *context);

/* A subscribe, unsubscribe or error event. 0 or -ENOMEM. */
int export__messages_put_other(const struct export__context *context);

#endif
