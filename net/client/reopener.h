/* reopener.h - one thread that opens lost connections again, for all clients of a loop. Internal to net.
 *
 * libnats would do it, in a thread for each client. But with an event loop, libnats 3.4 keeps the state of its parser when a
 * connection is lost in the middle of a message, and takes the first bytes of the next connection for the rest of that message.
 * So these clients get a new connection of libnats instead. */
#ifndef NET_CLIENT_REOPENER_H
#define NET_CLIENT_REOPENER_H

#include <pthread.h>
#include <stdbool.h>

/* A client, in which this is embedded. */
struct net__reopening {
	struct net__reopening *next;
	/* Called in the reopener's thread, one at a time. False: try again. */
	bool (*reopen)(void *context);
	void *context;
};

struct net__reopener {
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct net__reopening *first, *last; /* lost clients, in the order of their turns */
	bool is_running, is_closing;
};

/* The reopener is zeroed. 0 or a negative errno. */
int net__reopener_start(struct net__reopener *reopener);
/* Returns after the current try, if there is one. Clients that are added later stay lost. */
void net__reopener_stop(struct net__reopener *reopener);
/* After a stop. */
void net__reopener_fini(struct net__reopener *reopener);

/* A client has lost its connection; it is not in the list. Its first try is after 100 ms, as is every try after one that
 * failed. From any thread. */
void net__reopener_add(struct net__reopener *reopener, struct net__reopening *lost);

#endif
