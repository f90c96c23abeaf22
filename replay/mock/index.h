/* index.h - what a recorded service was asked and what it answered.
 *
 * A conversation is a request and the replies that went to its reply subject; it may have none, for a service may have
 * kept silent. A live request is answered with
 *
 *   1. exact      a conversation whose request had the same subject and payload: the next one that was not played yet; when
 *                 all were, the last of them again
 *   2. in order   the next conversation on the same subject that was not played yet
 *   3. a miss     nothing is known on that subject, or all of it was played
 *
 * Headers of requests are not compared: they are where traces and identifiers live. Everything is held in memory, equal
 * replies once. */
#ifndef REPLAY_MOCK_INDEX_H
#define REPLAY_MOCK_INDEX_H

#include "wire/source.h"

enum { REPLAY_MOCK_NONE = -1, REPLAY_MOCK_SUBSCRIPTIONS_MAX = 10000 };

struct replay_mock_choice {
	const char *service; /* replies of the client of this name; NULL = anybody's */
	const char *const
	    *subjects;         /* requests on these patterns, NULL-terminated; NULL = all that it answered */
	uint64_t memory_bytes; /* the index must not take more; 0 = 256 MiB */
	const char *queue;     /* to subscribe in, whatever was recorded; "" = none, NULL = as recorded */
};

/* What is to be subscribed to: patterns that the service subscribed to as far as they are known, else the subjects of its
 * requests. */
struct replay_mock_subscription {
	char *subject, *queue; /* owned, NUL-terminated; queue "" = none */
};

struct replay_mock_reply {
	int64_t after_ns; /* the request; never negative, never falling */
	struct wire_slice headers, payload;
};

struct replay_mock_index;

/* Read a source to its end; messages and subscribe events count. 0, or a negative code with *fault: -ENOENT when it holds
 * no such request (the text names clients that answered), -E2BIG when it takes more than memory_bytes or more than
 * REPLAY_MOCK_SUBSCRIPTIONS_MAX subscriptions. */
int replay_mock_index_read(struct replay_mock_index **index, struct wire_source *source,
			   const struct replay_mock_choice *choice, struct wire_fault *fault);
void replay_mock_index_close(struct replay_mock_index *index);

uint64_t replay_mock_index_conversations(const struct replay_mock_index *index);
uint64_t replay_mock_index_replies(const struct replay_mock_index *index);
/* Replies of which the recording has but a part: that part is what is sent. */
uint64_t replay_mock_index_incomplete(const struct replay_mock_index *index);

/* What to subscribe to; owned by the index. */
const struct replay_mock_subscription *replay_mock_index_subscriptions(const struct replay_mock_index *index,
								       size_t *count);

enum replay_mock_match { REPLAY_MOCK_EXACT, REPLAY_MOCK_IN_ORDER, REPLAY_MOCK_MISS, REPLAY_MOCK_MATCHES };

/* The conversation that a live request gets, marked as played. On a miss *conversation is the one played last on that
 * subject, REPLAY_MOCK_NONE when there is none. */
enum replay_mock_match replay_mock_index_ask(struct replay_mock_index *index, struct wire_slice subject,
					     struct wire_slice payload, int64_t *conversation);

/* The replies of a conversation, one by one: *reply starts at REPLAY_MOCK_NONE. False behind the last. The slices borrow
 * the index. */
bool replay_mock_index_reply(const struct replay_mock_index *index, int64_t conversation, int64_t *reply,
			     struct replay_mock_reply *out);

#endif
