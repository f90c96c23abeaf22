/* store.h - how conversations are kept: shared by mock_index.c, which answers, and mock_read.c, which reads them from a
 * recording. Internal to replay. */
#ifndef REPLAY_MOCK_STORE_H
#define REPLAY_MOCK_STORE_H

#include "replay/mock/index.h"
#include "replay/table.h"

enum { REPLAY__NO_NUMBER = UINT32_MAX }; /* ends lists of numbers */

/* Headers and payload of a reply. Equal ones share a body. */
struct replay__body {
	char *bytes; /* owned */
	size_t headers_len, payload_len;
};

struct replay__answer {
	int64_t after_ns;
	uint32_t body;
	uint32_t next; /* of the same conversation */
};

struct replay__conversation {
	uint64_t seq; /* of the request */
	uint64_t key; /* hash of its subject and payload */
	uint32_t subject;
	uint32_t first, last; /* answers */
	uint32_t next_alike, next_on_subject;
	bool is_kept; /* the service was asked, or answered */
	bool is_played;
	char *
	    asked; /* owned: subject and queue, each with a NUL behind, while it is not known whether to keep it */
};

/* Conversations of one key or on one subject, in the order of their requests. */
struct replay__list {
	uint32_t next, last; /* next: none ahead of it is still to be played */
};

struct replay__topic {
	char *name, *queue; /* owned, one piece of memory, each with a NUL behind */
	struct replay__list list;
	int64_t played_last;
};

/* Subscriptions, each once. Zeroed = empty. */
struct replay__subscribed {
	struct replay_mock_subscription *list; /* owned */
	size_t len, cap;
};

struct replay_mock_index {
	struct replay__conversation *conversations;
	struct replay__answer *answers;
	struct replay__body *bodies;
	struct replay__topic *topics;
	struct replay__list *alike;
	size_t conversations_len, conversations_cap, answers_len, answers_cap, bodies_len, bodies_cap;
	size_t topics_len, topics_cap, alike_len, alike_cap;
	struct replay__subscribed subscriptions;
	struct replay__table by_key, by_subject, by_body; /* to alike, topics, bodies */
	uint64_t bytes, incomplete;
};

/* Hashes. */
uint64_t replay__mock_key(struct wire_slice subject, struct wire_slice payload);
uint64_t replay__mock_hash(struct wire_slice bytes);

/* Make room for one more item behind `len`: the list, which may move. NULL when out of memory: the list is as it was. */
void *replay__mock_room(struct replay_mock_index *index, void *list, size_t len, size_t *cap,
			size_t item_bytes);

/* The number of a subject's topic; REPLAY__NO_NUMBER when there is none. */
uint32_t replay__mock_topic(const struct replay_mock_index *index, struct wire_slice subject);

/* Note what a subscribe event says; beyond REPLAY_MOCK_SUBSCRIPTIONS_MAX nothing, for the subjects of the requests stand in
 * for it. 0 or -ENOMEM. */
int replay__subscribed_note(struct replay__subscribed *subscribed, const struct wire_event *event);
void replay__subscribed_fini(struct replay__subscribed *subscribed);

/* Find out what to subscribe to, once all conversations are known. 0, -E2BIG or -ENOMEM. */
int replay__mock_subscribe(struct replay_mock_index *index, const struct replay__subscribed *known,
			   const struct replay_mock_choice *choice);

/* All has been read: throw away what is not kept, put the rest into order, link it. 0 or -ENOMEM. */
int replay__mock_settle(struct replay_mock_index *index);

#endif
