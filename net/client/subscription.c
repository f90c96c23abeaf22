#include "net/client/subscription.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/client/client_layout.h"

enum {
	UNSUBSCRIBE_MS = 1000,
	DELIVERIES_MS = 1000 /* to be made before a connection ends */
};

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
	free(subscription->subject);
	free(subscription->queue);
	free(subscription);
}

void net__client_subscription_watch(struct net_client_subscription *subscription)
{
	subscription->is_watched =
	    natsSubscription_SetOnCompleteCB(subscription->nats, on_ended, subscription) == NATS_OK;
}

/* ---- of a client with a loop, over one connection after another ---- */

/* Keep what the next connections need. 0 or -ENOMEM. */
static int keep(struct net_client_subscription *subscription, const char *subject, const char *queue)
{
	subscription->subject = strdup(subject);
	subscription->queue = strdup(queue ? queue : "");
	return subscription->subject && subscription->queue ? 0 : -ENOMEM;
}

/* With the client's lock held. */
static void add_to_client(struct net_client_subscription *subscription, struct net_client *client)
{
	subscription->client = client;
	subscription->next = client->subscriptions;
	client->subscriptions = subscription;
}

static void remove_from_client(struct net_client_subscription *subscription)
{
	struct net_client *client = subscription->client;
	if (!client)
		return;
	pthread_mutex_lock(&client->subscriptions_lock);
	struct net_client_subscription **at = &client->subscriptions;
	while (*at != subscription)
		at = &(*at)->next;
	*at = subscription->next;
	pthread_mutex_unlock(&client->subscriptions_lock);
}

/* Returns when `deliver` is not called any more. */
static void await_end(struct net_client_subscription *subscription)
{
	while (subscription->is_watched && sem_wait(&subscription->ended) != 0)
		; /* EINTR */
	subscription->is_watched = false;
}

void net__client_resubscribe(struct net_client *client, natsConnection *nats)
{
	pthread_mutex_lock(&client->subscriptions_lock);
	for (struct net_client_subscription *each = client->subscriptions; each; each = each->next) {
		natsSubscription_Destroy(each->nats);
		await_end(each);
		each->nats = NULL;
		if (subscribe(each, nats, each->subject, each->queue) == NATS_OK)
			net__client_subscription_watch(each);
	}
	pthread_mutex_unlock(&client->subscriptions_lock);
}

static bool has_deliveries(struct net_client *client)
{
	int waiting = 0;
	pthread_mutex_lock(&client->subscriptions_lock);
	for (struct net_client_subscription *each = client->subscriptions; each && waiting <= 0;
	     each = each->next)
		if (natsSubscription_GetPending(each->nats, &waiting, NULL) != NATS_OK)
			waiting = 0;
	pthread_mutex_unlock(&client->subscriptions_lock);
	return waiting > 0;
}

void net__client_await_deliveries(void *context)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	for (int naps = 0; naps < DELIVERIES_MS && has_deliveries(context); naps++)
		nanosleep(&nap, NULL);
}

/* ---- subscribing ---- */

int net_client_subscribe(struct net_client_subscription **subscription, struct net_client *client,
			 const char *subject, const char *queue, net_client_deliver *deliver, void *context,
			 struct wire_fault *fault)
{
	struct net_client_subscription *opened = net__client_subscription_new(deliver, context);
	if (!opened)
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	if (!client->is_watched && keep(opened, subject, queue) != 0) {
		net__client_subscription_discard(opened);
		return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	pthread_mutex_lock(&client->subscriptions_lock);
	natsStatus status = subscribe(opened, net__client_use(client), subject, queue);
	net__client_unuse(client);
	if (status == NATS_OK) {
		net__client_subscription_watch(opened);
		if (!client->is_watched)
			add_to_client(opened, client);
	}
	pthread_mutex_unlock(&client->subscriptions_lock);
	if (status != NATS_OK) {
		net__client_subscription_discard(opened);
		return wire_fault_set(fault, -EACCES, "cannot subscribe to \"%s\" at %s: %s", subject,
				      client->servers, natsStatus_GetText(status));
	}
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
	natsStatus status = natsConnection_FlushTimeout(net__client_use(client), timeout_ms);
	net__client_unuse(client);
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
	for (size_t i = 0; i < count; i++)
		remove_from_client(subscriptions[i]);
	drain_all(subscriptions, count);
	for (size_t i = 0; i < count; i++)
		natsSubscription_Destroy(subscriptions[i]->nats);
	for (size_t i = 0; i < count; i++) {
		await_end(subscriptions[i]);
		net__client_subscription_discard(subscriptions[i]);
	}
}
