/* permissions.h - what a client may publish and subscribe to, inside this folder.
 *
 * Rules as in nats-server 2.9.10, client.go (canSubscribe, pubAllowed), with one difference on purpose: an allowed
 * subject must cover the whole of a subscription with wildcards (`a.*` does not allow `a.>`). */
#ifndef BROKER_PERMISSIONS_H
#define BROKER_PERMISSIONS_H

#include "broker/config/options.h"
#include "wire/slice.h"

/* Permissions of a user as configured; NULL: everything is allowed. All functions borrow. */

/* Whether the lists allow the subject; granted replies are not considered (replies.h). */
bool broker__may_publish(const struct broker_permissions *permissions, struct wire_slice subject);

/* queue is empty for a plain subscription. */
bool broker__may_subscribe(const struct broker_permissions *permissions, struct wire_slice subject,
			   struct wire_slice queue);

/* Whether a message on the subject may be delivered through a wider subscription that was allowed. */
bool broker__may_receive(const struct broker_permissions *permissions, struct wire_slice subject);

#endif
