/* subscription.h - a client's subscription, whose messages are handed over as they arrive. */
#ifndef NET_CLIENT_SUBSCRIPTION_H
#define NET_CLIENT_SUBSCRIPTION_H

#include "net/client/client.h"

struct net_client_subscription;

/* A message as it arrived; valid during the call. */
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

/* Called in a thread of libnats. */
typedef void net_client_deliver(void *context, const struct net_client_delivery *delivery);

/* Subscribe; queue NULL or "": without a queue group. 0, or a negative code with *fault. */
int net_client_subscribe(struct net_client_subscription **subscription, struct net_client *client,
			 const char *subject, const char *queue, net_client_deliver *deliver, void *context,
			 struct wire_fault *fault);
/* Wait until the server has read the subscriptions. 0, or -ECONNREFUSED with *fault when it has not in that time. */
int net_client_confirm_subscriptions(struct net_client *client, int64_t timeout_ms, struct wire_fault *fault);
/* End several subscriptions, whose clients are still open. Returns when `deliver` is not called for them any more. */
void net_client_unsubscribe(struct net_client_subscription **subscriptions, size_t count);

#endif
