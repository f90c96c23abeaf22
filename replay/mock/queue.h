/* queue.h - conversations under way, by when their next reply is due. Internal to replay. */
#ifndef REPLAY_MOCK_QUEUE_H
#define REPLAY_MOCK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay__due {
	int64_t due_ns;       /* of the monotonic clock */
	int64_t asked_ns;     /* when the live request came */
	uint64_t number;      /* rises: what is due at the same time keeps the order of the requests */
	int64_t conversation; /* REPLAY_MOCK_NONE: there is none, and that is to be said */
	int64_t reply;        /* the latest that was sent, as of replay_mock_index_reply */
	char *inbox;          /* owned by whoever holds this */
};

/* A heap, the earliest first. Zeroed = empty. */
struct replay__queue {
	struct replay__due *list; /* owned */
	size_t len, cap;
};

/* With all that waits. */
void replay__queue_fini(struct replay__queue *queue);

/* Takes the inbox on success. 0 or -ENOMEM. */
int replay__queue_put(struct replay__queue *queue, const struct replay__due *due);

/* When the earliest is due; false when there is none. */
bool replay__queue_next(const struct replay__queue *queue, int64_t *due_ns);

/* Take the earliest; there must be one. */
void replay__queue_take(struct replay__queue *queue, struct replay__due *due);

#endif
