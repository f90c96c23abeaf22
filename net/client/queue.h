/* queue.h - from the subscriptions of a client to one thread that takes their messages, in the order in which they came.
 *
 * libnats delivers in a thread of its own. A ring between it and the thread that takes the messages needs no lock, and wakes
 * no one: the taker looks again after a millisecond. While the ring is full (32,768 messages, or 16 MiB of
 * them), libnats holds messages itself, up to the
 * limit of each subscription (net_client_queue_subscribe), and drops those beyond it. */
#ifndef NET_CLIENT_QUEUE_H
#define NET_CLIENT_QUEUE_H

#include "net/client/stream.h"

struct net_client_queue;

/* A message that was taken. Borrows the queue, until net_client_queue_release. */
struct net_client_arrival {
	struct net_client_delivery delivery;
	int64_t
	    read_ns; /* when its bytes were read, or soon after that (net_client_delivery_ns); monotonic clock */
};

/* The client is a watched one. NULL when out of memory. */
struct net_client_queue *net_client_queue_open(struct net_client *client);
/* Ends the subscriptions; the client is still open. NULL is allowed. */
void net_client_queue_close(struct net_client_queue *queue);

/* Have the messages of a subject in the queue; libnats holds at most so many bytes of them. group: NULL or "": none. A message
 * that an earlier subscription of the queue matches is left out, since it comes by that one, too; not in a group, to which a server
 * sends a message once, whatever subjects its members have. 0, or a negative code with *fault. */
int net_client_queue_subscribe(struct net_client_queue *queue, const char *subject, const char *group,
			       uint64_t limit_bytes, struct wire_fault *fault);

/* Have the messages of a stream in the queue (net_client_subscribe_stream). 0, or a negative code with *fault. */
int net_client_queue_subscribe_stream(struct net_client_queue *queue, const struct net_client_stream *stream,
				      uint64_t from_seq, int64_t from_ns, struct wire_fault *fault);

/* Every subscription, to a stream, has all that the stream has (net_client_subscription_has_all). */
bool net_client_queue_has_all(const struct net_client_queue *queue, uint64_t have);

/* The next message; NULL when there is none now. It is the same one until it is released. From one thread only. */
const struct net_client_arrival *net_client_queue_next(struct net_client_queue *queue);
void net_client_queue_release(struct net_client_queue *queue);

/* How many messages libnats has dropped so far because the queue was full. */
uint64_t net_client_queue_dropped(const struct net_client_queue *queue);

/* Ask for no more messages. Those that have come, or are under way, are still given out. */
void net_client_queue_drain(struct net_client_queue *queue);
/* After that: the server has confirmed that there are no more, and all were taken. */
bool net_client_queue_is_drained(const struct net_client_queue *queue);
/* All that have come were taken, whether or not more will come. */
bool net_client_queue_is_empty(const struct net_client_queue *queue);

#endif
