/* index_state.h - the structs of a mock's index. Internal to replay/mock. */
#ifndef REPLAY_MOCK_INDEX_STATE_H
#define REPLAY_MOCK_INDEX_STATE_H

#include "replay/mock/index.h"
#include "store/format/table.h"

/* Ends lists of numbers. */
enum { REPLAY__NO_NUMBER = UINT32_MAX };

/* Headers and payload of a reply. Equal ones share a body. */
struct replay__reply_body {
	char *bytes; /* owned */
	size_t headers_len, payload_len;
};

struct replay__recorded_reply {
	int64_t after_ns;
	uint32_t body;
	uint32_t next; /* of the same conversation */
};

struct replay__conversation {
	uint64_t seq; /* of the request */
	uint64_t key; /* hash of its subject and payload; of an exact index, plus that of its headers */
	uint32_t subject;
	uint32_t first, last; /* replies */
	uint32_t next_equal, next_on_subject;
	bool is_kept;         /* the service received the request, or replied to it */
	bool is_incomparable; /* its request was not recorded whole, or masked */
	bool is_played;
	/* Owned, until it is known whether the conversation is kept: subject and queue group, each with a NUL. */
	char *request_text;
};

/* Conversations with equal requests or on one subject, in the order of their requests. */
struct replay__conversation_list {
	uint32_t next, last; /* next: all before it are played */
};

struct replay__mock_subject {
	char *name, *queue; /* owned, one piece of memory, each with a NUL */
	struct replay__conversation_list list;
	int64_t played_last;
};

/* Distinct subscriptions. Zeroed = empty. */
struct replay__subscriptions {
	struct replay_mock_subscription *list; /* owned */
	size_t len, cap;
};

struct replay_mock_index {
	struct replay__conversation *conversations;
	struct replay__recorded_reply *replies;
	struct replay__reply_body *bodies;
	struct replay__mock_subject *subjects;
	struct replay__conversation_list *equals; /* conversations with equal requests */
	size_t conversations_len, conversations_cap, replies_len, replies_cap, bodies_len, bodies_cap;
	size_t subjects_len, subjects_cap, equals_len, equals_cap;
	struct replay__subscriptions subscriptions;
	struct store_table by_key, by_subject, by_body; /* to equals, subjects, bodies */
	uint64_t bytes, incomplete;
	bool is_exact; /* headers are compared */
};

#endif
