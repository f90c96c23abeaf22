/* subscriptions.h - begin and end the subscriptions of a client, inside this folder.
 *
 * An ended subscription is retired, not freed: matches, and a message in progress, may point to it until the turn is
 * finished. */
#ifndef BROKER_SUBSCRIPTIONS_H
#define BROKER_SUBSCRIPTIONS_H

#include "broker/client.h"
#include "wire/parse.h"

/* Begin a subscription whose sid is not in use, and emit its event. 0; WIRE_EARGUMENT when the subject cannot be
 * subscribed to; -ENOMEM. */
int broker__client_subscribe(struct broker_client *client, const struct wire_op *op);
/* End a subscription and emit its event. */
void broker__client_unsubscribe(struct broker_client *client, struct broker__sub *sub);
/* End the subscriptions of a client that has gone, without events. Matches that hold them must be void. When there are
 * many, the rest is ended in later rounds, and the client stays until then. */
void broker__subscriptions_end_all(struct broker_client *client);
/* Continue with those of clients that have gone, as long as the round lasts. */
void broker__subscriptions_continue(struct broker__loop *loop);

/* Free some retired subscriptions, unless a message in progress may point to them; the rest is left to the next rounds. */
void broker__subscriptions_free_retired(struct broker__loop *loop);

#endif
