/* pressure.h - who must wait: publishers whose receiver is behind, whose events the sink has no room for, or whose input
 * there is no memory for. No wait is endless; a receiver that takes nothing at all is cut. Inside this folder. */
#ifndef BROKER_PRESSURE_H
#define BROKER_PRESSURE_H

#include "broker/client.h"
#include "broker/server.h"

/* Pending bytes above which a receiver is behind. */
uint64_t broker__pressure_threshold(const struct broker *broker);

/* After a turn of this client: pause it if a receiver is behind. */
void broker__pressure_apply(struct broker_client *publisher, bool has_published);
/* The client has an operation that the sink has no room for: it waits for broker__pressure_release. */
void broker__pressure_hold(struct broker_client *client);
/* The sink has room again. */
void broker__pressure_release(struct broker__loop *loop);
/* How many of `wanted` bytes may be read of the client now. 0: memory is short, and the client waits for it. */
size_t broker__pressure_room(struct broker_client *client, size_t wanted);
/* Output of this client has drained: resume those who waited for it. */
void broker__pressure_drained(struct broker_client *receiver);
/* The client leaves: nobody waits for it, and it waits for nobody. */
void broker__pressure_forget(struct broker_client *client);

#endif
