/* pending_replies.h - conversations under way, ordered by when their next reply is due. Internal to replay/mock. */
#ifndef REPLAY_MOCK_PENDING_REPLIES_H
#define REPLAY_MOCK_PENDING_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct replay__pending_reply {
	int64_t due_ns;   /* of the monotonic clock */
	int64_t asked_ns; /* when the live request arrived */
	uint64_t
	    number; /* of the request, rising: keeps the order of replies that are due at the same time */
	int64_t conversation; /* REPLAY_MOCK_NONE: reply with "no responders" */
	int64_t reply;        /* the last one that was sent, as in replay_mock_index_reply */
	char *inbox;          /* owned */
};

/* A heap with the earliest first. Zeroed = empty. */
struct replay__pending_replies {
	struct replay__pending_reply *list; /* owned */
	size_t len, cap;
};

/* Frees the inboxes, too. */
void replay__pending_replies_fini(struct replay__pending_replies *pending);

/* Add a reply. Takes its inbox on success. 0 or -ENOMEM. */
int replay__pending_replies_put(struct replay__pending_replies *pending,
				const struct replay__pending_reply *reply);

/* When the earliest reply is due. False when there is none. */
bool replay__pending_replies_next(const struct replay__pending_replies *pending, int64_t *due_ns);

/* Take the earliest reply, whose inbox the caller owns then. There must be one. */
void replay__pending_replies_take(struct replay__pending_replies *pending,
				  struct replay__pending_reply *reply);

#endif
