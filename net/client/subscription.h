/* subscription.h - a client's subscription, whose messages are handed over as they arrive. */
#ifndef NET_CLIENT_SUBSCRIPTION_H
#define NET_CLIENT_SUBSCRIPTION_H

#include "net/client/client.h"

struct net_client_subscription;

/* A message as it arrived; valid during the call, or until it is freed. */
struct net_client_delivery {
	const char *subject, *reply; /* reply NULL: none */
	struct wire_slice payload;
	void *libnats;
};

/* The status of its header block, such as "503"; NULL when there is none. */
const char *net_client_delivery_status(const struct net_client_delivery *delivery);

/* Call `take` for each value of each key of its headers, keys in any order. 0 or -ENOMEM. */
int net_client_delivery_headers(const struct net_client_delivery *delivery,
				void (*take)(void *context, struct wire_slice key, struct wire_slice value),
				void *context);

/* Called in a thread of libnats. True: the callee keeps the delivery, and frees it by net_client_delivery_free. */
typedef bool net_client_deliver(void *context, const struct net_client_delivery *delivery);
/* The parts of libnats' message. */
void net_client_delivery_set(struct net_client_delivery *delivery, void *libnats);
void net_client_delivery_free(const struct net_client_delivery *delivery);

/* Its header block as on the wire; empty when there is none. Borrows the delivery. */
struct wire_slice net_client_delivery_block(const struct net_client_delivery *delivery);

/* Subscribe; queue NULL or "": without a queue group. 0, or a negative code with *fault. */
int net_client_subscribe(struct net_client_subscription **subscription, struct net_client *client,
			 const char *subject, const char *queue, net_client_deliver *deliver, void *context,
			 struct wire_fault *fault);
/* The next five are for subscriptions of watched clients. */

/* How much libnats may hold for a subscription before it drops messages; default: 65,536 messages. 0 or -EINVAL. */
int net_client_subscription_limit(struct net_client_subscription *subscription, uint64_t bytes);
/* How many messages libnats has dropped because they were not taken in time. From one thread only. */
uint64_t net_client_subscription_dropped(struct net_client_subscription *subscription);
/* How many messages libnats has that were not yet delivered, when so many calls of `deliver` have ended. 0 for a subscription that has
 * ended. */
uint64_t net_client_subscription_waiting(struct net_client_subscription *subscription, uint64_t delivered);
/* Ask the server for no more messages, and deliver those that are under way. Does not wait. */
void net_client_subscription_drain(struct net_client_subscription *subscription);
/* The server has confirmed a drain, or has not within 10 s, and everything was delivered. */
bool net_client_subscription_is_drained(struct net_client_subscription *subscription);

/* Wait until the server has read the subscriptions. 0, or -ECONNREFUSED with *fault when it has not in that time. */
int net_client_confirm_subscriptions(struct net_client *client, int64_t timeout_ms, struct wire_fault *fault);
/* End several subscriptions, whose clients are still open. Returns when `deliver` is not called for them any more. */
void net_client_unsubscribe(struct net_client_subscription **subscriptions, size_t count);

#endif
