/* decide.h - which deliveries belong to which message. Internal to store.
 *
 * The deliveries of one lane and the messages of its content are looked at in their order. They are divided into periods: a
 * period ends where there were as many deliveries as messages, and where the next message was certainly published after the
 * last of these deliveries. The subscription received every message of a period, the k-th delivery being the k-th message. When
 * they are of several publishers the order is not certain, and the times of the deliveries are unknown. Of a queue group only a
 * period of one message says which member received it.
 *
 * A message that was published before the subscription, or its connection, was made is left out when there are others.
 * When there is no such period, the deliveries stay unjoined, and so do later ones of that lane until there was
 * no such message for the time of a window: each could be that of the message before. */
#ifndef STORE_CLUSTER_DECIDE_H
#define STORE_CLUSTER_DECIDE_H

#include "store/cluster/contents.h"

struct store__decider {
	struct store__contents *contents;
	struct store__clocks *clocks;
	int64_t window_ns; /* from a publish to its delivery, at most */
	/* Called for a delivery that was joined: it has left its content, and is one of the message's receivers. */
	void (*joined)(void *context, struct store__entry *delivery);
	void *context;
};

/* A message is about to leave: decide which deliveries it has. */
void store__decide_message(struct store__decider *decider, struct store__entry *message);

/* A delivery is about to leave: decide which message it has. Returns true when it has joined one. Otherwise *is_doubtful:
 * it may belong to one of several messages; else to none. */
bool store__decide_delivery(struct store__decider *decider, struct store__entry *delivery, bool *is_doubtful);

/* Learn the clocks from what is in the window before anything has left. */
void store__decide_learn(struct store__decider *decider, const struct store__content *content);

/* The order of the messages of a content is not certain: if there are several, leave them undecided until this key. */
void store__decide_distrust(struct store__content *content, int64_t key);

#endif
