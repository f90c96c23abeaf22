/* client_layout.h - struct definitions: a client and its target. Inside this folder: users of clients see nothing of
 * libnats. */
#ifndef NET_CLIENT_CLIENT_LAYOUT_H
#define NET_CLIENT_CLIENT_LAYOUT_H

#include <semaphore.h>

#include "net/client/client.h"
#include "net/client/socket.h"

struct net_client_target {
	natsOptions *options;
	char *servers; /* owned: the URLs without their passwords, for errors */
};

struct net_client {
	struct net__client_socket socket;
	natsConnection *nats;
	struct net_client_errors *errors; /* borrowed */
	const char *servers;              /* borrowed from the target: for errors */
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

#endif
