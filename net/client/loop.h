/* loop.h - one thread that reads for all clients, and one that opens lost connections again.
 *
 * libnats accepts an event loop from outside (natsOptions_SetEventLoop). It then starts no threads of its own for a
 * connection, and collects what is published until it is asked to write. So any number of clients need one thread, and
 * messages that are due together are sent together. */
#ifndef NET_CLIENT_LOOP_H
#define NET_CLIENT_LOOP_H

#include "wire/error.h"

struct net_client_loop;

/* Start it. 0, or a negative errno with *fault. */
int net_client_loop_open(struct net_client_loop **loop, struct wire_fault *fault);

/* Stop the threads. Close clients only afterwards: the threads may be using any of them. */
void net_client_loop_stop(struct net_client_loop *loop);
void net_client_loop_close(struct net_client_loop *loop);

/* Inside this folder: the epoll descriptor, to which sockets are added. */
int net__client_loop_fd(const struct net_client_loop *loop);
/* Inside this folder: what opens lost connections again. */
struct net__reopener *net__client_loop_reopener(struct net_client_loop *loop);

#endif
