/* client_layout.h - struct definitions: a client and its target. Inside this folder: users of clients see nothing of
 * libnats. */
#ifndef NET_CLIENT_CLIENT_LAYOUT_H
#define NET_CLIENT_CLIENT_LAYOUT_H

#include <semaphore.h>

#include "net/client/pulse.h"
#include "net/client/reopener.h"
#include "net/client/socket.h"
#include "net/client/subscription.h"
#include "net/client/user_jwt.h"

struct net_client_target {
	natsOptions *options;
	struct net__user_jwt *identity; /* owned; NULL: none */
	pthread_mutex_t lock;           /* of the options while a client connects */
	char *urls;                     /* owned: as configured */
	char *servers;                  /* owned: the URLs without their passwords, for errors */
	char *inbox_prefix;             /* owned */
};

struct net_client {
	struct net__client_socket socket; /* not of a watched client */
	bool is_watched;                  /* libnats' own thread reads */
	struct net__client_pulse pulse;   /* of a watched client */
	/* The connection. Of a client with a loop: replaced after a loss; net__client_use() holds it. */
	natsConnection *nats;
	struct net_client_target *target; /* borrowed */
	char *name;                       /* owned */
	struct net_client_errors *errors; /* borrowed */
	const char *servers;              /* borrowed from the target: for errors */
	const char *inbox_prefix;         /* likewise */
	pthread_t publisher;              /* the thread that opened it */
	uint64_t published;               /* so far; atomic */
	uint64_t confirmed;               /* of them: the server has confirmed that it read them; atomic */
	bool publishing;                  /* the publisher is in a call that publishes; only it reads this */
	bool dirty;                       /* there is something to push */
	struct net_client_watch watch;    /* its calls are NULL when there is none */
	uint64_t losses;                  /* of the connection; atomic */
	_Atomic bool is_lame_duck;        /* the server has said that it shuts down */
	sem_t closed; /* posted once for each connection: libnats will not call any more */
	/* Of a client with a loop. */
	struct net__reopener *reopener; /* borrowed */
	struct net__reopening reopening;
	unsigned refusals;         /* of its login, in a row; the reopener's */
	_Atomic bool has_given_up; /* it will not be connected again */
	pthread_mutex_t subscriptions_lock;
	struct net_client_subscription *subscriptions; /* that the next connection gets; under the lock */
	char *scratch;                                 /* owned: for headers that are being published */
	size_t scratch_bytes;
};

/* The client's connection, which is not replaced before net__client_unuse(). Any thread, several at a time. */
static inline natsConnection *net__client_use(const struct net_client *client)
{
	pthread_rwlock_rdlock((pthread_rwlock_t *)(uintptr_t)&client->socket.renewal);
	return client->nats;
}

static inline void net__client_unuse(const struct net_client *client)
{
	pthread_rwlock_unlock((pthread_rwlock_t *)(uintptr_t)&client->socket.renewal);
}

struct net_client_subscription {
	/* Of a client with a loop: replaced with the connection; NULL when the connection was lost again at once. */
	natsSubscription *nats;
	struct net_client *client;            /* with a loop; else NULL, as are the next three */
	struct net_client_subscription *next; /* of the client */
	char *subject, *queue;                /* owned */
	net_client_deliver *deliver;
	void *context;
	bool is_watched; /* `ended` will be posted */
	sem_t ended;     /* deliver is not called any more */
	uint64_t
	    dropped; /* messages, as last seen: libnats does not say it of a subscription that has ended */
};

/* Inside this folder: subscribe over the next connection. Called in the reopener's thread. */
void net__client_resubscribe(struct net_client *client, natsConnection *nats);
/* The connection is about to end, and libnats would discard what it has read and not delivered: wait until everything is delivered, for
 * 1 s at most. context: a client with a loop. */
void net__client_await_deliveries(void *context);

/* Add servers of its cluster that a connection has heard of to those that clients of the target try. */
void net__client_target_learn(struct net_client_target *target, natsConnection *nats);

/* Inside this folder: the steps of subscribing in other ways (stream.c). NULL when out of memory. */
struct net_client_subscription *net__client_subscription_new(net_client_deliver *deliver, void *context);
/* It was not subscribed. */
void net__client_subscription_discard(struct net_client_subscription *subscription);
/* It was: its end will be noticed. */
void net__client_subscription_watch(struct net_client_subscription *subscription);
/* As natsMsgHandler; the context is the subscription. */
void net__client_subscription_take(natsConnection *nats, natsSubscription *unused, natsMsg *msg,
				   void *context);

#endif
