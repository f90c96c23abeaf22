/* stream.h - read a JetStream stream by an ordered consumer, through libnats.
 *
 * libnats makes the consumer again when the connection or a message was lost, so that every message comes once and in
 * order. */
#ifndef NET_CLIENT_STREAM_H
#define NET_CLIENT_STREAM_H

#include "net/client/subscription.h"

/* Where the stream is. */
struct net_client_stream {
	const char *name;
	const char *domain, *prefix; /* of the JetStream API; NULL: the server's own */
	int64_t timeout_ms;          /* to wait for each answer */
};

struct net_client_stream_info {
	uint64_t messages, bytes;
	uint64_t first_seq, last_seq; /* last_seq 0: nothing was ever stored */
};

/* 0; or a negative code with *fault: -ENOENT, there is no such stream; -ECONNREFUSED, no JetStream answers; -EACCES. */
int net_client_stream_get_info(struct net_client *client, const struct net_client_stream *stream,
			       struct net_client_stream_info *info, struct wire_fault *fault);

/* Deliver the messages from a sequence number on, or, when that is 0, from a time on (nanoseconds since the epoch; 0: from the first
 * message), or from up to 0.1 s before that time. As net_client_subscribe. libnats holds as many messages as the server lets it, and drops none. */
int net_client_subscribe_stream(struct net_client_subscription **subscription, struct net_client *client,
				const struct net_client_stream *stream, uint64_t from_seq, int64_t from_ns,
				net_client_deliver *deliver, void *context, struct wire_fault *fault);

/* The stream has nothing for the subscription after sequence number `have`, the last that came (0: none). False, too, when the
 * server does not answer. */
bool net_client_subscription_has_all(struct net_client_subscription *subscription, uint64_t have);

/* A message's place in its stream. */
struct net_client_place {
	uint64_t seq;
	uint64_t pending; /* messages that the stream holds after it */
	int64_t time_ns;  /* when the stream stored it */
};

/* False when the delivery is not one of a stream. */
bool net_client_delivery_place(const struct net_client_delivery *delivery, struct net_client_place *place);

#endif
