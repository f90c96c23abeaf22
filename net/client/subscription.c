#include "net/client/subscription.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "net/client/client_layout.h"

enum { UNSUBSCRIBE_MS = 1000 };

const char *net_client_delivery_status(const struct net_client_delivery *delivery)
{
	const char *status;
	return natsMsgHeader_Get(delivery->libnats, "Status", &status) == NATS_OK ? status : NULL;
}

static int take_values(natsMsg *msg, const char *key,
		       void (*take)(void *context, struct wire_slice key, struct wire_slice value),
		       void *context)
{
	const char **values = NULL;
	int count = 0;
	natsStatus status = natsMsgHeader_Values(msg, key, &values, &count);
	for (int i = 0; status == NATS_OK && i < count; i++)
		take(context, wire_slice_str(key), wire_slice_str(values[i]));
	free(values);
	return status == NATS_NO_MEMORY ? -ENOMEM : 0;
}

int net_client_delivery_headers(const struct net_client_delivery *delivery,
				void (*take)(void *context, struct wire_slice key, struct wire_slice value),
				void *context)
{
	const char **keys = NULL;
	int count = 0;
	natsStatus status = natsMsgHeader_Keys(delivery->libnats, &keys, &count);
	int error = status == NATS_NO_MEMORY ? -ENOMEM : 0;
	for (int i = 0; status == NATS_OK && error == 0 && i < count; i++)
		error = take_values(delivery->libnats, keys[i], take, context);
	free(keys);
	return error;
}

void net_client_delivery_set(struct net_client_delivery *delivery, void *libnats)
{
	const natsMsg *msg = libnats;
	*delivery = (struct net_client_delivery){
	    .subject = natsMsg_GetSubject(msg),
	    .reply = natsMsg_GetReply(msg),
	    .payload = wire_slice(natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg)),
	    .libnats = libnats};
}

void net__client_subscription_take(natsConnection *nats, natsSubscription *unused, natsMsg *msg,
				   void *context)
{
	struct net_client_subscription *subscription = context;
	struct net_client_delivery delivery;
	(void)nats;
	(void)unused;
	net_client_delivery_set(&delivery, msg);
	if (!subscription->deliver(subscription->context, &delivery))
		natsMsg_Destroy(msg);
}

void net_client_delivery_free(const struct net_client_delivery *delivery)
{
	natsMsg_Destroy(delivery->libnats);
}

/* A block that begins and ends as header blocks do, and has no NUL. */
static bool is_block(struct wire_slice block)
{
	const struct wire_slice first = WIRE_LITERAL("NATS/1.0"), end = WIRE_LITERAL("\r\n\r\n");
	return block.len >= first.len + end.len && memcmp(block.data, first.data, first.len) == 0 &&
	       memcmp(block.data + block.len - end.len, end.data, end.len) == 0;
}

/* libnats keeps a message that it has read in one piece of memory: subject NUL [reply NUL] [headers NUL] payload NUL
 * (natsMsg_create), and parses the headers, in place, only when they are asked for. Its functions lose their order, and where
 * keys are repeated. */
struct wire_slice net_client_delivery_block(const struct net_client_delivery *delivery)
{
	const char *before = delivery->reply ? delivery->reply : delivery->subject;
	const char *start = before + strlen(before) + 1;
	if (start >= delivery->payload.data)
		return wire_slice(NULL, 0);
	struct wire_slice block = wire_slice(start, (size_t)(delivery->payload.data - start) - 1);
	return is_block(block) ? block : wire_slice(NULL, 0);
}

/* libnats makes no further call for it. */
static void on_ended(void *context)
{
	sem_post(&((struct net_client_subscription *)context)->ended);
}

static natsStatus subscribe(struct net_client_subscription *subscription, natsConnection *nats,
			    const char *subject, const char *queue)
{
	natsStatus status = queue && *queue
				? natsConnection_QueueSubscribe(&subscription->nats, nats, subject, queue,
								net__client_subscription_take, subscription)
				: natsConnection_Subscribe(&subscription->nats, nats, subject,
							   net__client_subscription_take, subscription);
	return status;
}

struct net_client_subscription *net__client_subscription_new(net_client_deliver *deliver, void *context)
{
	struct net_client_subscription *opened = calloc(1, sizeof *opened);
	if (!opened)
		return NULL;
	opened->deliver = deliver;
	opened->context = context;
	sem_init(&opened->ended, 0, 0);
	return opened;
}

void net__client_subscription_discard(struct net_client_subscription *subscription)
{
	sem_destroy(&subscription->ended);
	free(subscription);
}

void net__client_subscription_watch(struct net_client_subscription *subscription)
{
	subscription->is_watched =
	    natsSubscription_SetOnCompleteCB(subscription->nats, on_ended, subscription) == NATS_OK;
}

int net_client_subscribe(struct net_client_subscription **subscription, struct net_client *client,
			 const char *subject, const char *queue, net_client_deliver *deliver, void *context,
			 struct wire_fault *fault)
{
	struct net_client_subscription *opened = net__client_subscription_new(deliver, context);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	natsStatus status = subscribe(opened, client->nats, subject, queue);
	if (status != NATS_OK) {
		net__client_subscription_discard(opened);
		return wire_fault_set(fault, -EACCES, "cannot subscribe to \"%s\" at %s: %s", subject,
				      client->servers, natsStatus_GetText(status));
	}
	net__client_subscription_watch(opened);
	*subscription = opened;
	return 0;
}

int net_client_subscription_limit(struct net_client_subscription *subscription, uint64_t bytes)
{
	int limit = bytes < INT_MAX ? (int)bytes : INT_MAX;
	return natsSubscription_SetPendingLimits(subscription->nats, -1, limit) == NATS_OK ? 0 : -EINVAL;
}

uint64_t net_client_subscription_dropped(struct net_client_subscription *subscription)
{
	int64_t dropped = 0;
	if (natsSubscription_GetDropped(subscription->nats, &dropped) == NATS_OK && dropped > 0)
		subscription->dropped = (uint64_t)dropped;
	return subscription->dropped;
}

uint64_t net_client_subscription_waiting(struct net_client_subscription *subscription, uint64_t delivered)
{
	int waiting = 0;
	int64_t begun = 0;
	natsStatus status =
	    natsSubscription_GetStats(subscription->nats, &waiting, NULL, NULL, NULL, &begun, NULL);
	return status == NATS_OK ? (uint64_t)waiting + (uint64_t)begun - delivered : 0;
}

/* Without a timeout: at its end libnats would discard what still waits. */
void net_client_subscription_drain(struct net_client_subscription *subscription)
{
	(void)natsSubscription_DrainTimeout(subscription->nats, 0);
}

bool net_client_subscription_is_drained(struct net_client_subscription *subscription)
{
	return natsSubscription_WaitForDrainCompletion(subscription->nats, 1) != NATS_TIMEOUT;
}

int net_client_confirm_subscriptions(struct net_client *client, int64_t timeout_ms, struct wire_fault *fault)
{
	natsStatus status = natsConnection_FlushTimeout(client->nats, timeout_ms);
	return status == NATS_OK ? 0
				 : wire_fault_set(fault, -ECONNREFUSED, "cannot subscribe at %s: %s",
						  client->servers, natsStatus_GetText(status));
}

/* libnats reads without holding the subscription that a message is for: end it only after the server has confirmed that it
 * sends no more. */
static void drain_all(struct net_client_subscription **subscriptions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)natsSubscription_DrainTimeout(subscriptions[i]->nats, UNSUBSCRIBE_MS);
	for (size_t i = 0; i < count; i++)
		(void)natsSubscription_WaitForDrainCompletion(subscriptions[i]->nats, UNSUBSCRIBE_MS);
}

void net_client_unsubscribe(struct net_client_subscription **subscriptions, size_t count)
{
	drain_all(subscriptions, count);
	for (size_t i = 0; i < count; i++)
		natsSubscription_Destroy(subscriptions[i]->nats);
	for (size_t i = 0; i < count; i++) {
		while (subscriptions[i]->is_watched && sem_wait(&subscriptions[i]->ended) != 0)
			; /* EINTR */
		sem_destroy(&subscriptions[i]->ended);
		free(subscriptions[i]);
	}
}
