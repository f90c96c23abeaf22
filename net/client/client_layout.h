/* client_layout.h - struct definitions: a client and its target. Inside this folder: users of clients see nothing of
 * libnats. */
#ifndef NET_CLIENT_CLIENT_LAYOUT_H
#define NET_CLIENT_CLIENT_LAYOUT_H

#include <semaphore.h>

#include "net/client/pulse.h"
#include "net/client/socket.h"
#include "net/client/subscription.h"
#include "net/client/user_jwt.h"

struct net_client_target {
	natsOptions *options;
	struct net__user_jwt *identity; /* owned; NULL: none */
	char *servers;                  /* owned: the URLs without their passwords, for errors */
	char *inbox_prefix;             /* owned */
};

struct net_client {
	struct net__client_socket socket; /* not of a watched client */
	bool is_watched;                  /* libnats' own thread reads */
	struct net__client_pulse pulse;   /* of a watched client */
	natsConnection *nats;
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
	sem_t closed;                     /* libnats will not call any more */
	char *scratch;                    /* owned: for headers that are being published */
	size_t scratch_bytes;
};

struct net_client_subscription {
	natsSubscription *nats;
	net_client_deliver *deliver;
	void *context;
	bool is_watched; /* `ended` will be posted */
	sem_t ended;     /* deliver is not called any more */
	uint64_t
	    dropped; /* messages, as last seen: libnats does not say it of a subscription that has ended */
};

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
